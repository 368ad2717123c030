// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "report/findings.hpp"

namespace ociassemble {
namespace {

// Text of XML 1.0: without the characters that no document may hold.
std::string xml_text(std::string_view text) {
  constexpr std::string_view kNoCharacters = "\xEF\xBF";  // with BE or BF behind: U+FFFE and U+FFFF
  const auto safe = terminal_text(text);
  std::string xml;
  for (std::size_t i = 0; i < safe.size(); ++i) {
    const char c = safe[i];
    const auto rest = std::string_view(safe).substr(i);
    if (rest.starts_with(kNoCharacters) && rest.size() > 2 && static_cast<unsigned char>(rest[2]) >= 0xBE) {
      xml += '?';
      i += 2;
    } else if (c == '&') {
      xml += "&amp;";
    } else if (c == '<') {
      xml += "&lt;";
    } else if (c == '>') {
      xml += "&gt;";
    } else if (c == '"') {
      xml += "&quot;";
    } else {
      xml += c;
    }
  }
  return xml;
}

std::string lines_of(const CheckReport& report, const RuleVerdict& rule) {
  std::string lines;
  for (const auto& finding : report.findings) {
    if (finding.rule != rule.rule) continue;
    lines += xml_text(message_of(finding)) + "\n";
    if (!finding.remedy.empty()) lines += "  remedy: " + xml_text(finding.remedy) + "\n";
  }
  return lines;
}

enum class Outcome { passed, warned, failed, errored, skipped };

// What is not judged is no failure to JUnit, but an error; where it is only a warning, the test was skipped.
Outcome outcome_of(const CheckReport& report, const RuleVerdict& rule) {
  const bool is_error = std::any_of(report.findings.begin(), report.findings.end(), [&](const Finding& finding) {
    return finding.rule == rule.rule && finding.level == Severity::error && finding.verdict == rule.verdict;
  });
  switch (rule.verdict) {
    case GateVerdict::pass:
      return Outcome::passed;
    case GateVerdict::fail:
      return is_error ? Outcome::failed : Outcome::warned;
    case GateVerdict::not_judged:
      return is_error ? Outcome::errored : Outcome::skipped;
  }
  return Outcome::errored;
}

std::string testcase(const CheckReport& report, const RuleVerdict& rule, const std::string& suite) {
  const auto head = fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"0\"", suite, xml_text(rule.rule));
  const auto with = [&](std::string_view element) {
    return fmt::format("{}>\n      <{} message=\"{}\">{}</{}>\n    </testcase>\n", head, element, xml_text(rule.reason),
                       lines_of(report, rule), element);
  };
  switch (outcome_of(report, rule)) {
    case Outcome::passed:
      return head + "/>\n";
    case Outcome::warned:
      return fmt::format("{}>\n      <system-out>{}</system-out>\n    </testcase>\n", head, lines_of(report, rule));
    case Outcome::failed:
      return with("failure");
    case Outcome::errored:
      return with("error");
    case Outcome::skipped:
      return fmt::format("{}>\n      <skipped message=\"{}\"/>\n    </testcase>\n", head, xml_text(rule.reason));
  }
  return {};
}

std::string testsuite(const CheckReport& report) {
  const auto count = [&](Outcome wanted) {
    return std::count_if(report.rules.begin(), report.rules.end(),
                         [&](const RuleVerdict& rule) { return outcome_of(report, rule) == wanted; });
  };
  const auto name =
      xml_text(fmt::format("{} {}", report.image.empty() ? report.digest : report.image, report.platform));
  auto xml =
      fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"0\">\n",
                  name, report.rules.size(), count(Outcome::failed), count(Outcome::errored), count(Outcome::skipped));
  for (const auto& rule : report.rules) xml += testcase(report, rule, name);
  return xml + "  </testsuite>\n";
}

}  // namespace

std::string findings_junit(const std::vector<CheckReport>& reports) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const auto& report : reports) xml += testsuite(report);
  return xml + "</testsuites>\n";
}

}  // namespace ociassemble
