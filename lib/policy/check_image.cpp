// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/stop.hpp"
#include "base/text.hpp"
#include "inspect/os_release.hpp"
#include "ociassemble/policy.hpp"
#include "policy/option_values.hpp"
#include "policy/rule.hpp"
#include "policy/unpacked_image.hpp"
#include "spec/timestamp.hpp"

namespace ociassemble {
namespace {

constexpr std::int64_t kSecondsOfDay = 86400;
constexpr std::string_view kExceptRule = "except";

bool matches_subject(std::string_view pattern, std::string_view subject) {
  if (pattern.empty()) return true;
  if (!pattern.ends_with('*')) return pattern == subject;
  return subject.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool applies_to(const PolicyException& exception, const Finding& finding) {
  if (exception.rule != finding.rule) return false;
  if (matches_subject(exception.subject, finding.subject)) return true;
  if (!finding.path.empty() && matches_subject(exception.subject, finding.path)) return true;
  if (!finding.vulnerability) return false;
  const auto& aliases = finding.vulnerability->aliases;
  return finding.vulnerability->id == exception.subject ||
         std::find(aliases.begin(), aliases.end(), exception.subject) != aliases.end();
}

std::string words_of(const PolicyException& exception) {
  if (exception.subject.empty()) return fmt::format("of rule {}", exception.rule);
  return fmt::format("of {} in rule {}", printable(exception.subject), exception.rule);
}

enum class Validity { valid, expired, unknown };

Validity validity_of(const PolicyException& exception, const std::optional<std::int64_t>& now) {
  if (exception.until.empty()) return Validity::valid;
  const auto last_day = parse_date(exception.until);
  if (!now || !last_day) return Validity::unknown;
  return *now < *last_day + kSecondsOfDay ? Validity::valid : Validity::expired;
}

// Goes over the rules, then over the exceptions.
class Checking {
 public:
  Checking(const Image& image, const Policy& policy, const CheckInputs& inputs)
      : policy_(policy), inputs_(inputs), facts_(image, inputs, wants()) {}

  CheckReport run() {
    for (const auto& rule : policy_rules()) judge(rule);
    apply_exceptions();
    for (const auto& rule : policy_rules()) conclude(rule.description.name);
    conclude(kExceptRule);
    name_image();
    facts_.remember();
    return std::move(report_);
  }

 private:
  bool is_judged(std::string_view rule) const {
    return policy_.level(rule) != Severity::off && !inputs_.left_out.contains(std::string(rule));
  }

  FactWants wants() const {
    FactWants wants;
    wants.details.needs = is_judged("needs");
    wants.details.code = is_judged("budget") && inputs_.against.has_value();
    // The rules about files come first, and read the layers for those about vulnerabilities as well.
    wants.inventory = is_judged("vulnerabilities") || is_judged("unknown-severity");
    return wants;
  }

  void judge(const PolicyRule& rule) {
    const std::string name(rule.description.name);
    const auto found = policy_.rules.find(name);
    if (found == policy_.rules.end() || !is_judged(name)) return;
    throw_if_stopped(inputs_.stop);
    levels_[name] = found->second.level;
    std::vector<Finding> findings;
    rule.judge(RuleContext(rule.description.name, found->second, facts_, inputs_, findings, report_.excepted));
    std::stable_sort(findings.begin(), findings.end(),
                     [](const Finding& left, const Finding& right) { return left.subject < right.subject; });
    for (auto& finding : findings) {
      if (finding.verdict == GateVerdict::not_judged) weigh_not_judged(finding);
      if (finding.level != Severity::off) report_.findings.push_back(std::move(finding));
    }
  }

  // The milder of what the rule is, and of what the policy says of such findings.
  void weigh_not_judged(Finding& finding) const { finding.level = std::min(finding.level, policy_.not_judged); }

  void apply_exceptions() {
    std::vector<Finding> left;
    std::set<const PolicyException*> told;
    for (auto& finding : report_.findings) {
      const auto* exception = exception_for(finding);
      if (exception == nullptr) {
        left.push_back(std::move(finding));
        continue;
      }
      const auto validity = validity_of(*exception, inputs_.now);
      if (validity == Validity::valid) {
        report_.excepted.push_back({std::move(finding), exception->reason, exception->until});
        continue;
      }
      left.push_back(std::move(finding));
      if (told.insert(exception).second) dispute(*exception, validity);
    }
    // An exception that has expired fails, whether or not it is still needed: it says something that is not so.
    for (const auto& exception : policy_.exceptions) {
      const auto validity = validity_of(exception, inputs_.now);
      if (validity == Validity::expired && told.insert(&exception).second) dispute(exception, validity);
    }
    report_.findings = std::move(left);
    for (auto& finding : disputes_) report_.findings.push_back(std::move(finding));
    if (!policy_.exceptions.empty()) levels_[std::string(kExceptRule)] = Severity::error;
  }

  // Of several the one that still holds.
  const PolicyException* exception_for(const Finding& finding) const {
    const PolicyException* chosen = nullptr;
    for (const auto& exception : policy_.exceptions) {
      if (!applies_to(exception, finding)) continue;
      if (validity_of(exception, inputs_.now) == Validity::valid) return &exception;
      if (chosen == nullptr) chosen = &exception;
    }
    return chosen;
  }

  void dispute(const PolicyException& exception, Validity validity) {
    Finding finding;
    finding.rule = kExceptRule;
    finding.subject = fmt::format("{}{}{}", exception.rule, exception.subject.empty() ? "" : " ", exception.subject);
    finding.place = exception.place;
    if (validity == Validity::expired) {
      finding.reason = fmt::format("the exception {} expired on {} (\"{}\")", words_of(exception), exception.until,
                                   printable(exception.reason));
      finding.remedy = "correct the finding and remove the exception, or give it a new date";
    } else {
      finding.verdict = GateVerdict::not_judged;
      finding.reason =
          fmt::format("whether the exception {} has expired is not known without a date", words_of(exception));
      finding.remedy = "say what day it is: --now DATE, or --now system for this machine's clock";
      weigh_not_judged(finding);
      if (finding.level == Severity::off) return;
    }
    disputes_.push_back(std::move(finding));
  }

  void conclude(std::string_view name) {
    const auto level = levels_.find(std::string(name));
    if (level == levels_.end()) return;
    RuleVerdict verdict{level->first, level->second, GateVerdict::pass, {}};
    for (const auto& finding : report_.findings) {
      if (finding.rule != name || verdict.verdict == GateVerdict::fail) continue;
      if (verdict.verdict == finding.verdict) continue;
      verdict.verdict = finding.verdict;
      verdict.reason = finding.reason;
    }
    report_.rules.push_back(std::move(verdict));
  }

  void name_image() {
    const auto& image = facts_.image();
    report_.image = inputs_.name;
    report_.digest = image.digest().to_string();
    report_.platform = image.config().platform.to_string();
    if (!facts_.has_files()) return;
    for (const auto path : kOsReleaseFiles) {
      const auto text = facts_.files().text(path);
      if (!text) continue;
      report_.operating_system = parse_os_release(*text).pretty_name;
      return;
    }
  }

  const Policy& policy_;
  const CheckInputs& inputs_;
  ImageFacts facts_;
  std::map<std::string, Severity> levels_;  // of the rules that are on
  std::vector<Finding> disputes_;
  CheckReport report_;
};

}  // namespace

bool passes(const CheckReport& report) noexcept {
  return std::none_of(report.findings.begin(), report.findings.end(),
                      [](const Finding& finding) { return finding.level == Severity::error; });
}

CheckReport check_image(const Image& image, const Policy& policy, const CheckInputs& inputs) {
  return Checking(image, policy, inputs).run();
}

}  // namespace ociassemble
