// SPDX-License-Identifier: Apache-2.0
#include "report/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "ociassemble/digest.hpp"
#include "ociassemble/error.hpp"
#include "report/counted.hpp"
#include "report/json_text.hpp"
#include "report/verdict_word.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kShownOfRemedy = 20;

// Findings of one remedy, in the order in which the first of each came.
struct RemedyGroup {
  std::string remedy;
  std::vector<const Finding*> findings;
};

std::vector<RemedyGroup> grouped(const CheckReport& report) {
  std::vector<RemedyGroup> groups;
  std::map<std::string_view, std::size_t> known;
  for (const auto& finding : report.findings) {
    const auto [at, is_new] = known.emplace(finding.remedy, groups.size());
    if (is_new) groups.push_back({finding.remedy, {}});
    groups[at->second].findings.push_back(&finding);
  }
  // Errors before warnings.
  std::stable_partition(groups.begin(), groups.end(), [](const RemedyGroup& group) {
    return std::any_of(group.findings.begin(), group.findings.end(),
                       [](const Finding* finding) { return finding->level == Severity::error; });
  });
  return groups;
}

std::string finding_line(const Finding& finding) {
  const auto* mark = finding.verdict == GateVerdict::not_judged ? "not judged"
                     : finding.level == Severity::error         ? "error"
                                                                : "warning";
  auto text = fmt::format("  {}: {}: {}\n", mark, finding.rule, terminal_text(finding.reason));
  for (const auto& detail : finding.details) text += fmt::format("      {}\n", terminal_text(detail));
  return text;
}

std::string group_text(const RemedyGroup& group) {
  std::string text;
  const auto shown = std::min(group.findings.size(), kShownOfRemedy);
  for (std::size_t i = 0; i < shown; ++i) text += finding_line(*group.findings[i]);
  if (shown < group.findings.size())
    text += fmt::format("  … and {} more (--format json lists all)\n", group.findings.size() - shown);
  if (!group.remedy.empty()) text += fmt::format("    remedy: {}\n", terminal_text(group.remedy));
  return text;
}

std::string summary_of(const CheckReport& report) {
  const auto count = [&](Severity level, GateVerdict verdict) {
    return static_cast<std::uint64_t>(
        std::count_if(report.findings.begin(), report.findings.end(), [&](const Finding& finding) {
          return finding.verdict == verdict && (verdict == GateVerdict::not_judged || finding.level == level);
        }));
  };
  const auto passed =
      static_cast<std::uint64_t>(std::count_if(report.rules.begin(), report.rules.end(), [](const RuleVerdict& rule) {
        return rule.verdict == GateVerdict::pass;
      }));
  auto text = fmt::format("{}, {}", counted(count(Severity::error, GateVerdict::fail), "error"),
                          counted(count(Severity::warn, GateVerdict::fail), "warning"));
  if (const auto unknown = count(Severity::error, GateVerdict::not_judged); unknown != 0)
    text += fmt::format(", {} not judged", unknown);
  if (!report.excepted.empty()) text += fmt::format(", {} excepted", report.excepted.size());
  return text + fmt::format("; {} of {} passed", passed, counted(report.rules.size(), "rule"));
}

std::string report_text(const CheckReport& report) {
  auto text = fmt::format("{} ({}, {})\n", terminal_text(report.image.empty() ? report.digest : report.image),
                          terminal_text(report.platform), report.digest);
  for (const auto& group : grouped(report)) text += group_text(group);
  return text + "  " + summary_of(report) + "\n";
}

void print_place(JsonPrinter& json, const std::optional<FindingPlace>& place) {
  if (!place) return;
  json.key("place").begin_object();
  json.member("file", place->file);
  json.member("line", std::uint64_t{place->line});
  json.end_object();
}

void print_vulnerability(JsonPrinter& json, const FindingVulnerability& found) {
  json.key("vulnerability").begin_object();
  json.member("id", found.id);
  json.member("aliases", found.aliases);
  json.member("severity", found.severity);
  if (found.score) json.member("score", fmt::format("{:.1f}", *found.score));
  json.member("package", found.package);
  json.member("version", found.version);
  json.member("fixedVersion", found.fixed_version);
  json.member("purl", found.purl);
  json.member("url", found.url);
  json.end_object();
}

void print_finding_members(JsonPrinter& json, const Finding& finding) {
  json.member("rule", finding.rule);
  json.member("level", word_of_level(finding.level));
  json.member("verdict", verdict_word(finding.verdict));
  json.member("subject", finding.subject);
  json.member("reason", finding.reason);
  json.member("remedy", finding.remedy);
  if (!finding.path.empty()) json.member("path", finding.path);
  if (!finding.details.empty()) json.member("details", finding.details);
  print_place(json, finding.place);
  if (finding.vulnerability) print_vulnerability(json, *finding.vulnerability);
}

void print_report(JsonPrinter& json, const CheckReport& report) {
  json.begin_object();
  json.member("image", report.image);
  json.member("digest", report.digest);
  json.member("platform", report.platform);
  json.member("operatingSystem", report.operating_system);
  json.member("passed", passes(report));
  json.key("rules").begin_array();
  for (const auto& rule : report.rules) {
    json.begin_object();
    json.member("rule", rule.rule);
    json.member("level", word_of_level(rule.level));
    json.member("verdict", verdict_word(rule.verdict));
    json.member("reason", rule.reason);
    json.end_object();
  }
  json.end_array();
  json.key("findings").begin_array();
  for (const auto& finding : report.findings) {
    json.begin_object();
    print_finding_members(json, finding);
    json.end_object();
  }
  json.end_array();
  json.key("excepted").begin_array();
  for (const auto& excepted : report.excepted) {
    json.begin_object();
    print_finding_members(json, excepted.finding);
    json.member("exceptionReason", excepted.reason);
    json.member("exceptionUntil", excepted.until);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace

std::string_view word_of_level(Severity level) noexcept {
  switch (level) {
    case Severity::off:
      return "off";
    case Severity::warn:
      return "warn";
    case Severity::error:
      return "error";
  }
  return {};
}

std::string fingerprint_of(const CheckReport& report, const Finding& finding) {
  const auto& vulnerability = finding.vulnerability;
  const auto package = vulnerability ? vulnerability->package + "\n" + vulnerability->id : std::string();
  const auto digest = Digest::of(fmt::format("{}\n{}\n{}\n{}\n{}\n{}", report.image, report.platform, finding.rule,
                                             finding.subject, finding.path, package));
  return std::string(digest.hex());
}

std::string message_of(const Finding& finding) {
  return finding.verdict == GateVerdict::not_judged ? "not judged: " + finding.reason : finding.reason;
}

std::string file_of(const CheckReport& report, const Finding& finding) {
  if (finding.place && !finding.place->file.empty()) return finding.place->file;
  if (finding.path.size() > 1) return finding.path.substr(1);
  return report.image.empty() ? report.digest : report.image;
}

std::string findings_text(const std::vector<CheckReport>& reports) {
  std::string text;
  for (const auto& report : reports) text += report_text(report);
  return text;
}

std::string findings_json(const std::vector<CheckReport>& reports) {
  return json_object([&](JsonPrinter& json) {
    json.key("images").begin_array();
    for (const auto& report : reports) print_report(json, report);
    json.end_array();
  });
}

std::string list_rules() {
  std::string text =
      fmt::format("{:<18} {:<8} {:<12} {:<7} {}\n", "RULE", "default", "recommended", "strict", "DEMANDS");
  for (const auto& rule : describe_rules())
    text += fmt::format("{:<18} {:<8} {:<12} {:<7} {}\n", rule.name, word_of_level(rule.standard),
                        word_of_level(rule.recommended), word_of_level(rule.strict), rule.what);
  return text;
}

}  // namespace ociassemble
