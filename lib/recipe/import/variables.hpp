// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "recipe/import/dockerfile.hpp"

namespace ociassemble {

// The comments at the head of a recipe, each once.
class ImportNotes {
 public:
  void add(std::string_view text);
  // A line of a text, which may come again.
  void add_text(std::string_view line);
  // "Line N: INSTRUCTION …: TEXT."
  void add(const DockerInstruction& made, std::string_view text);
  const std::vector<std::string>& lines() const noexcept { return lines_; }

 private:
  std::vector<std::string> lines_;
};

// Without what it is indented by; and the same, no longer than a line of a comment should be.
std::string on_one_line(std::string_view text);
std::string shortened(std::string_view text);

// The arguments of the recipe: the ARGs of the Dockerfile. Their values as variables are marks (text.hpp).
class ImportArguments {
 public:
  explicit ImportArguments(const std::map<std::string, std::string>& given) : given_(given) {}

  // The value of --build-arg; null without one.
  const std::string* given(const std::string& name) const;
  // What the variable stands for: the recipe's argument, or the value when the argument cannot have it.
  std::string remember(const std::string& name, std::optional<std::string> value);
  // The text with defaults instead of marks, nothing instead of an argument without one, and of the platform
  // linux/amd64.
  std::string plain(std::string_view text) const;
  // The "args" of a recipe of this text, as JSON; empty when it uses none.
  std::string json(std::string_view recipe) const;

 private:
  const std::map<std::string, std::string>& given_;
  std::vector<std::pair<std::string, std::optional<std::string>>> arguments_;  // and their defaults; the last first
};

// What the variables of one stage, or those before the first FROM, stand for.
class ImportVariables : public VariableSource {
 public:
  // Without `notes` nothing is said. Both are borrowed.
  ImportVariables(ImportArguments& arguments, ImportNotes* notes) : arguments_(arguments), notes_(notes) {}

  // The variables of a stage that is built from an image, which may set some that are not known here.
  void begin_stage(const ImportVariables& global);
  // ARG; `file` expands its defaults.
  void declare(const Dockerfile& file, const DockerInstruction& made);
  // ENV; goes before an ARG of that name.
  void set_environment(const std::string& name, const std::string& value);
  const std::map<std::string, std::string>& values() const noexcept { return values_; }
  // What a command of the stage would see, as far as it is known.
  std::optional<std::string> value_of(const std::string& name) const;

  std::string substitute(const VariableForm& form) override;
  // The instruction that is read, for comments.
  void at(const DockerInstruction& made) { made_ = &made; }

 private:
  std::string of_base(const VariableForm& form);
  std::string of_marks(const VariableForm& form, const std::string& value);
  std::string settled(const VariableForm& form, const std::optional<std::string>& value);
  void note(const std::string& text);

  ImportArguments& arguments_;
  ImportNotes* notes_;
  std::map<std::string, std::string> values_, environment_, global_;
  bool has_base_ = false;
  const DockerInstruction* made_ = nullptr;
};

// What BuildKit says of the platform, in the recipe's words; nothing for another name.
std::optional<std::string> platform_variable(std::string_view name);

}  // namespace ociassemble
