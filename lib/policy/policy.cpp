// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/policy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "policy/option_values.hpp"
#include "policy/rule.hpp"
#include "spec/json.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLargestPolicy = std::size_t{1} << 20U;
constexpr std::size_t kMostExceptions = 10000;
constexpr std::array<std::string_view, 6> kPolicyMembers{"$schema", "version", "level", "rules", "except", "notJudged"};
constexpr std::array<std::string_view, 5> kExceptionMembers{"rule", "path", "id", "reason", "until"};

std::string nearest_hint(std::string_view name, const std::vector<std::string_view>& known) {
  if (const auto near = nearest(name, known)) return fmt::format("did you mean \"{}\"?", *near);
  return fmt::format("there are {}", fmt::join(known, ", "));
}

std::vector<std::string_view> rule_names() {
  std::vector<std::string_view> names;
  for (const auto& rule : policy_rules()) names.push_back(rule.description.name);
  return names;
}

Severity level_of(const RuleDescription& rule, PolicyLevel level) {
  switch (level) {
    case PolicyLevel::standard:
      return rule.standard;
    case PolicyLevel::recommended:
      return rule.recommended;
    case PolicyLevel::strict:
      return rule.strict;
  }
  return Severity::off;
}

// Reads one policy. Errors of the form "FILE: cannot parse …" become those of a policy: the words are the user's.
class PolicyReader {
 public:
  explicit PolicyReader(const std::filesystem::path& file)
      : file_(file.empty() ? "the policy" : file.string()), folder_(file.parent_path()) {}

  Policy read(std::string_view json, const std::filesystem::path& file) {
    json_ = json;
    const auto value = parse_json(json, file_, {.size = kLargestPolicy});
    const JsonView view(value, file_);
    auto policy = Policy::of_level(level_in(view));
    policy.file = file;
    for (auto& [name, setting] : policy.rules) setting.place = FindingPlace{file_, line_of_member("level", 0)};
    check_members(view);
    if (const auto version = view.find("version"); version && version->size() != 1)
      version->refuse("is not 1, the only version of policies that there is");
    if (const auto not_judged = view.find("notJudged")) policy.not_judged = severity(*not_judged);
    if (const auto rules = view.find("rules")) read_rules(*rules, policy);
    for (const auto& name : view.member_names()) {
      if (find_rule(name) == nullptr) continue;
      if (const auto rules = view.find("rules"); rules && rules->contains(name))
        refuse(name, "the rule is there twice, in \"rules\" and beside it", "leave one of them out");
      read_rule(name, view.at(name), policy);
    }
    if (const auto exceptions = view.find("except")) {
      for (const auto& one : exceptions->elements()) {
        if (policy.exceptions.size() == kMostExceptions) exceptions->refuse("has more than 10,000 elements");
        policy.exceptions.push_back(exception(one));
        policy.exceptions.back().place = FindingPlace{file_, line_of_member("rule", policy.exceptions.size() - 1)};
      }
    }
    return policy;
  }

 private:
  static PolicyLevel level_in(const JsonView& view) {
    const auto level = view.find("level");
    if (!level) return PolicyLevel::standard;
    const auto& text = level->string();
    for (const auto* known : {"default", "recommended", "strict"}) {
      if (text == known) return parse_policy_level(text);
    }
    level->refuse("is not \"default\", \"recommended\" or \"strict\"");
  }

  void check_members(const JsonView& view) const {
    for (const auto& name : view.member_names()) {
      if (find_rule(name) != nullptr) continue;
      if (std::find(kPolicyMembers.begin(), kPolicyMembers.end(), name) != kPolicyMembers.end()) continue;
      auto known = rule_names();
      known.insert(known.end(), kPolicyMembers.begin() + 1, kPolicyMembers.end());
      refuse(printable(name), "no such member or rule", nearest_hint(name, known));
    }
  }

  void read_rules(const JsonView& rules, Policy& policy) const {
    for (const auto& name : rules.member_names()) {
      if (find_rule(name) == nullptr)
        refuse("rules." + printable(name), "no such rule", nearest_hint(name, rule_names()));
      read_rule(name, rules.at(name), policy);
    }
  }

  // A level alone, or an object of a level and options; without a level the rule is an error.
  void read_rule(const std::string& name, const JsonView& view, Policy& policy) const {
    const auto& rule = *find_rule(name);
    auto& setting = policy.rules[name];
    setting = {};
    setting.place = FindingPlace{file_, line_of_member(name, 0)};
    if (view.is_string()) {
      setting.level = severity(view);
    } else {
      setting.level = Severity::error;
      for (const auto& member : view.member_names()) {
        if (member == "level") {
          setting.level = severity(view.at(member));
        } else {
          read_option(rule, member, view.at(member), setting);
        }
      }
    }
    if (setting.level == Severity::off) return;
    for (const auto& option : rule.options) {
      if (option.is_required && !setting.options.contains(std::string(option.name)))
        refuse(name, fmt::format("the rule needs \"{}\"", option.name), "docs/policy.md says what it holds");
    }
    const bool has_option = std::any_of(setting.options.begin(), setting.options.end(),
                                        [](const auto& option) { return !option.second.empty(); });
    if (rule.wants_options && !has_option)
      refuse(name, "the rule checks nothing without an option", fmt::format("give it one of {}", option_names(rule)));
  }

  static std::string option_names(const PolicyRule& rule) {
    std::string names;
    for (const auto& option : rule.options) names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", option.name);
    return names;
  }

  void read_option(const PolicyRule& rule, const std::string& name, const JsonView& view, RuleSetting& setting) const {
    const auto option = std::find_if(rule.options.begin(), rule.options.end(),
                                     [&](const RuleOption& known) { return known.name == name; });
    if (option == rule.options.end()) {
      std::vector<std::string_view> known{"level"};
      for (const auto& one : rule.options) known.push_back(one.name);
      refuse(fmt::format("{}.{}", rule.description.name, printable(name)), "no such option", nearest_hint(name, known));
    }
    setting.options[name] = read_option_value(option->kind, view, folder_);
  }

  PolicyException exception(const JsonView& view) const {
    for (const auto& name : view.member_names()) {
      if (std::find(kExceptionMembers.begin(), kExceptionMembers.end(), name) == kExceptionMembers.end())
        refuse("except." + printable(name), "no such member",
               nearest_hint(name, {kExceptionMembers.begin(), kExceptionMembers.end()}));
    }
    PolicyException exception;
    exception.rule = view.at("rule").string();
    if (find_rule(exception.rule) == nullptr)
      refuse("except.rule", fmt::format("no rule is called {}", printable(exception.rule)),
             nearest_hint(exception.rule, rule_names()));
    const auto path = view.find_string("path");
    const auto id = view.find_string("id");
    if (!path.empty() && !id.empty()) view.refuse("has both a path and an id");
    exception.subject = path.empty() ? id : path;
    exception.reason = view.find_string("reason");
    if (exception.reason.empty()) view.refuse("has no reason: say why the finding is accepted");
    exception.until = view.find_string("until");
    if (!exception.until.empty() && !parse_date(exception.until))
      view.at("until").refuse("is not a date such as \"2027-06-30\"");
    return exception;
  }

  // The line of the member of that name, with `skipped` others of the name before it; 0: there is none. A quote inside
  // a text is written \\", so that no text is taken for a name.
  std::size_t line_of_member(std::string_view name, std::size_t skipped) const {
    const auto quoted = fmt::format("\"{}\"", name);
    for (auto at = json_.find(quoted); at != std::string_view::npos; at = json_.find(quoted, at + 1)) {
      const auto next = json_.find_first_not_of(" \t\r\n", at + quoted.size());
      if (next == std::string_view::npos || json_[next] != ':' || skipped-- != 0) continue;
      const auto before = json_.substr(0, at);
      return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    }
    return 0;
  }

  static Severity severity(const JsonView& view) {
    const auto level = parse_severity(view.string());
    if (!level) view.refuse("is not \"off\", \"warn\" or \"error\"");
    return *level;
  }

  [[noreturn]] void refuse(const std::string& member, const std::string& cause, std::string hint) const {
    throw Error(ErrorCode::invalid_argument, fmt::format("cannot use {}: {}: {}", file_, member, cause),
                std::move(hint));
  }

  std::string file_;
  std::filesystem::path folder_;
  std::string_view json_;
};

}  // namespace

PolicyLevel parse_policy_level(std::string_view text) {
  if (text == "default") return PolicyLevel::standard;
  if (text == "recommended") return PolicyLevel::recommended;
  if (text == "strict") return PolicyLevel::strict;
  throw Error(ErrorCode::invalid_argument, fmt::format("unknown policy level {}", printable(text)),
              "the levels are default, recommended and strict");
}

Policy Policy::of_level(PolicyLevel level) {
  Policy policy;
  for (const auto& rule : policy_rules())
    policy.rules[std::string(rule.description.name)].level = level_of(rule.description, level);
  return policy;
}

Policy Policy::parse(std::string_view json, const std::filesystem::path& file) {
  try {
    return PolicyReader(file).read(json, file);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) throw;
    throw Error(ErrorCode::invalid_argument, error.what(),
                error.hint().empty() ? "a policy is JSON: docs/policy.md describes it" : error.hint());
  }
}

Policy Policy::read(const std::filesystem::path& file) { return parse(read_file(file, kLargestPolicy), file); }

Severity Policy::level(std::string_view rule) const noexcept {
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const auto& one) { return one.first == rule; });
  return found == rules.end() ? Severity::off : found->second.level;
}

}  // namespace ociassemble
