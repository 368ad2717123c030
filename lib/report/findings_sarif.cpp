// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "ociassemble/version.hpp"
#include "report/findings.hpp"
#include "report/json_text.hpp"

namespace ociassemble {
namespace {

constexpr const char* kSarifSchema = "https://json.schemastore.org/sarif-2.1.0.json";

// RFC 3986: what may stand in a relative reference as it is; everything else is percent-encoded.
std::string uri_of(std::string_view path) {
  std::string uri;
  for (const char c : path) {
    const bool is_plain = is_letter_or_digit(c) || c == '/' || c == '-' || c == '.' || c == '_' || c == '~';
    uri += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

// GitHub shows a severity by rule, so that each vulnerability is one.
std::string rule_id(const Finding& finding) { return finding.vulnerability ? finding.vulnerability->id : finding.rule; }

// CVSS where it is known, else the middle of its class (GitHub: critical from 9.0, high from 7.0, medium from 4.0).
std::string security_severity(const FindingVulnerability& found) {
  if (found.score) return fmt::format("{:.1f}", *found.score);
  if (found.severity == "critical") return "9.5";
  if (found.severity == "high") return "8.0";
  if (found.severity == "medium") return "5.5";
  if (found.severity == "low" || found.severity == "negligible") return "2.0";
  return {};
}

std::string_view description_of(std::string_view rule) {
  for (const auto& known : describe_rules()) {
    if (known.name == rule) return known.what;
  }
  return rule == "except" ? "exceptions of the policy still hold" : rule;
}

void print_text(JsonPrinter& json, std::string_view name, std::string_view text) {
  json.key(name).begin_object();
  json.member("text", text);
  json.end_object();
}

void print_rule(JsonPrinter& json, const std::string& id, const Finding& finding) {
  json.begin_object();
  json.member("id", id);
  const auto& found = finding.vulnerability;
  print_text(json, "shortDescription",
             found ? fmt::format("{} in {}", found->id, found->package) : std::string(description_of(finding.rule)));
  print_text(json, "help", finding.remedy.empty() ? "docs/policy.md describes the rule" : finding.remedy);
  if (found && !found->url.empty()) json.member("helpUri", found->url);
  json.key("properties").begin_object();
  json.key("tags").begin_array();
  json.value("security");
  json.end_array();
  if (const auto severity = found ? security_severity(*found) : std::string(); !severity.empty())
    json.member("security-severity", severity);
  json.end_object();
  json.end_object();
}

void print_result(JsonPrinter& json, const CheckReport& report, const Finding& finding, std::size_t rule_index) {
  json.begin_object();
  json.member("ruleId", rule_id(finding));
  json.member("ruleIndex", std::uint64_t{rule_index});
  json.member("level", finding.level == Severity::error ? "error" : "warning");
  print_text(json, "message",
             fmt::format("{}{}{}", message_of(finding), finding.remedy.empty() ? "" : "; ", finding.remedy));
  json.key("locations").begin_array();
  json.begin_object();
  json.key("physicalLocation").begin_object();
  json.key("artifactLocation").begin_object();
  json.member("uri", uri_of(file_of(report, finding)));
  json.end_object();
  json.key("region").begin_object();
  json.member("startLine", std::uint64_t{finding.place ? std::max<std::size_t>(finding.place->line, 1) : 1});
  json.end_object();
  json.end_object();
  json.end_object();
  json.end_array();
  json.key("partialFingerprints").begin_object();
  json.member("ociassemble/v1", fingerprint_of(report, finding));
  json.end_object();
  json.key("properties").begin_object();
  json.member("image", report.image);
  json.member("imageDigest", report.digest);
  json.member("platform", report.platform);
  json.member("subject", finding.subject);
  json.end_object();
  json.end_object();
}

}  // namespace

std::string findings_sarif(const std::vector<CheckReport>& reports) {
  std::map<std::string, std::size_t> numbers;
  std::vector<const Finding*> rules;
  for (const auto& report : reports) {
    for (const auto& finding : report.findings) {
      if (numbers.emplace(rule_id(finding), rules.size()).second) rules.push_back(&finding);
    }
  }
  return json_object([&](JsonPrinter& json) {
    json.member("$schema", kSarifSchema);
    json.member("version", "2.1.0");
    json.key("runs").begin_array();
    json.begin_object();
    json.key("tool").begin_object();
    json.key("driver").begin_object();
    json.member("name", "ociassemble");
    json.member("version", std::string(version()));
    json.key("rules").begin_array();
    for (const auto* finding : rules) print_rule(json, rule_id(*finding), *finding);
    json.end_array();
    json.end_object();
    json.end_object();
    json.key("results").begin_array();
    for (const auto& report : reports) {
      for (const auto& finding : report.findings) print_result(json, report, finding, numbers.at(rule_id(finding)));
    }
    json.end_array();
    json.end_object();
    json.end_array();
  });
}

}  // namespace ociassemble
