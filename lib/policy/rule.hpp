// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/placed_error.hpp"
#include "ociassemble/policy.hpp"
#include "policy/image_facts.hpp"

namespace ociassemble {

// What an option of a rule must be; it is kept as text.
enum class OptionKind {
  text,
  texts,     // an array, or one text
  number,    // a whole number
  size,      // bytes: a number, or text such as "20MB" (decimal) or "64MiB"
  flag,      // true or false
  severity,  // "off", "warn" or "error"
  days,      // "90d"
  file,      // a path, taken from the policy's folder
  files,
};

struct RuleOption {
  std::string_view name;
  OptionKind kind = OptionKind::text;
  bool is_required = false;
};

// What a rule sees, and where it says what it found. Borrows all. One thread.
class RuleContext {
 public:
  RuleContext(std::string_view rule, const RuleSetting& setting, ImageFacts& facts, const CheckInputs& inputs,
              std::vector<Finding>& findings, std::vector<ExceptedFinding>& excepted)
      : rule_(rule), setting_(setting), facts_(facts), inputs_(inputs), findings_(findings), excepted_(excepted) {}

  ImageFacts& facts() const noexcept { return facts_; }
  const Image& image() const noexcept { return facts_.image(); }
  const ImageConfig& config() const noexcept { return image().config(); }
  const CheckInputs& inputs() const noexcept { return inputs_; }

  // The option's first text, or all; what it holds was checked when the policy was read.
  std::optional<std::string> text(std::string_view option) const;
  std::vector<std::string> texts(std::string_view option) const;
  std::optional<std::uint64_t> number(std::string_view option) const;
  bool flag(std::string_view option) const;
  // Does `use` with a file that the option names, and returns its result. An error begins with the place of the rule.
  template <class Use>
  auto with_file_of(std::string_view option, const Use& use) const {
    return at_place(place(option), use);
  }

  void fail(std::string subject, std::string reason, std::string remedy) const;
  // About a file of the image, whose absolute path is the subject.
  void fail_file(const std::string& path, std::string reason, std::string remedy) const;
  void not_judged(std::string subject, std::string reason, std::string remedy) const;
  // Anything else; rule and place are filled in, and the level where it is off.
  void add(Finding finding) const;
  // What somebody else's document excuses, with its words.
  void excuse(Finding finding, std::string reason) const;

 private:
  // "FILE:LINE: RULE.OPTION"; empty where no file asks for the rule.
  std::string place(std::string_view option) const;

  std::string_view rule_;
  const RuleSetting& setting_;
  ImageFacts& facts_;
  const CheckInputs& inputs_;
  std::vector<Finding>& findings_;
  std::vector<ExceptedFinding>& excepted_;
};

struct PolicyRule {
  RuleDescription description;
  std::vector<RuleOption> options;
  void (*judge)(const RuleContext& context) = nullptr;
  bool wants_options = false;  // without any the rule would pass whatever the image is
};

// In the order of docs/policy.md.
const std::vector<PolicyRule>& policy_rules();
const PolicyRule* find_rule(std::string_view name) noexcept;

}  // namespace ociassemble
