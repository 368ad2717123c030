// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "io/streams.hpp"
#include "ociassemble/version.hpp"
#include "report/findings.hpp"
#include "report/json_text.hpp"

namespace ociassemble {
namespace {

// GitLab's words, of its code quality and of its container scanning.
std::string_view quality_severity(const Finding& finding) {
  if (finding.verdict == GateVerdict::not_judged) return finding.level == Severity::error ? "major" : "info";
  return finding.level == Severity::error ? "critical" : "minor";
}

std::string_view scan_severity(std::string_view severity) {
  if (severity == "critical") return "Critical";
  if (severity == "high") return "High";
  if (severity == "medium") return "Medium";
  if (severity == "low") return "Low";
  if (severity == "negligible") return "Info";
  return "Unknown";
}

std::string_view identifier_type(std::string_view id) {
  if (id.starts_with("CVE-")) return "cve";
  if (id.starts_with("GHSA-")) return "ghsa";
  return "other";
}

void print_tool(JsonPrinter& json, std::string_view name) {
  json.key(name).begin_object();
  json.member("id", "ociassemble");
  json.member("name", "ociassemble");
  json.member("version", std::string(version()));
  json.key("vendor").begin_object();
  json.member("name", "ociassemble");
  json.end_object();
  json.end_object();
}

// What GitLab's schema takes: no longer, and of addresses those of the web. A character that is cut through is replaced
// by the printer, and takes no more room than before.
std::string_view no_longer(std::string_view text, std::size_t most) { return text.substr(0, most); }
constexpr std::size_t kLongestName = 250;       // 255 characters
constexpr std::size_t kLongestSolution = 6900;  // 7,000
constexpr std::size_t kLongestDescription = 1'000'000;

bool is_web_address(std::string_view url) {
  const auto has = [&](std::string_view scheme) { return url.starts_with(scheme) && url.size() > scheme.size(); };
  return has("https://") || has("http://") || has("ftp://");
}

void print_identifier(JsonPrinter& json, const std::string& id, const std::string& url) {
  json.begin_object();
  json.member("type", identifier_type(id));
  json.member("name", id);
  json.member("value", id);
  if (is_web_address(url)) json.member("url", url);
  json.end_object();
}

// GitLab takes 20 identifiers at the most.
void print_identifiers(JsonPrinter& json, const FindingVulnerability& found) {
  constexpr std::size_t kMostAliases = 19;
  json.key("identifiers").begin_array();
  print_identifier(json, found.id, found.url);
  for (std::size_t i = 0; i < std::min(found.aliases.size(), kMostAliases); ++i)
    print_identifier(json, found.aliases[i], "");
  json.end_array();
}

void print_vulnerability_of(JsonPrinter& json, const CheckReport& report, const Finding& finding) {
  const auto& found = *finding.vulnerability;
  json.begin_object();
  json.member("id", fingerprint_of(report, finding));
  json.member("name", no_longer(found.id, kLongestName));
  json.member("description", no_longer(message_of(finding), kLongestDescription));
  json.member("severity", scan_severity(found.severity));
  json.member("solution", no_longer(finding.remedy, kLongestSolution));
  print_identifiers(json, found);
  json.key("location").begin_object();
  json.member("image", report.image.empty() ? report.digest : report.image);
  json.member("operating_system", report.operating_system.empty() ? "unknown" : report.operating_system);
  json.key("dependency").begin_object();
  json.key("package").begin_object();
  json.member("name", found.package);
  json.end_object();
  json.member("version", found.version);
  json.end_object();
  json.end_object();
  json.end_object();
}

// What was not judged must not look clean.
void print_messages(JsonPrinter& json, const std::vector<CheckReport>& reports) {
  json.key("messages").begin_array();
  for (const auto& report : reports) {
    for (const auto& finding : report.findings) {
      if (finding.verdict != GateVerdict::not_judged) continue;
      json.begin_object();
      json.member("level", "warn");
      json.member("value", fmt::format("{}: {}", finding.rule, message_of(finding)));
      json.end_object();
    }
  }
  json.end_array();
}

// GitLab's times have no zone.
std::string without_zone(const std::string& time) {
  constexpr std::size_t kLength = 19;
  return time.empty() ? "1970-01-01T00:00:00" : time.substr(0, kLength);
}

}  // namespace

std::string findings_gitlab_quality(const std::vector<CheckReport>& reports) {
  StringSink text;
  JsonPrinter json(text);
  json.begin_array();
  for (const auto& report : reports) {
    for (const auto& finding : report.findings) {
      json.begin_object();
      json.member("description",
                  fmt::format("{}{}{}", message_of(finding), finding.remedy.empty() ? "" : "; ", finding.remedy));
      json.member("check_name", finding.rule);
      json.member("fingerprint", fingerprint_of(report, finding));
      json.member("severity", quality_severity(finding));
      json.key("location").begin_object();
      json.member("path", file_of(report, finding));
      json.key("lines").begin_object();
      json.member("begin", std::uint64_t{finding.place ? std::max<std::size_t>(finding.place->line, 1) : 1});
      json.end_object();
      json.end_object();
      json.end_object();
    }
  }
  json.end_array();
  json.finish();
  return text.take();
}

std::string findings_gitlab_container(const std::vector<CheckReport>& reports, const FindingsContext& context) {
  return json_object([&](JsonPrinter& json) {
    json.member("version", "15.0.7");
    json.key("scan").begin_object();
    print_tool(json, "analyzer");
    print_tool(json, "scanner");
    json.member("type", "container_scanning");
    json.member("status", "success");
    json.member("start_time", without_zone(context.time));
    json.member("end_time", without_zone(context.time));
    print_messages(json, reports);
    json.end_object();
    json.key("vulnerabilities").begin_array();
    for (const auto& report : reports) {
      for (const auto& finding : report.findings) {
        if (finding.vulnerability) print_vulnerability_of(json, report, finding);
      }
    }
    json.end_array();
  });
}

}  // namespace ociassemble
