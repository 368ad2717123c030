// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "recipe/import/dockerfile.hpp"
#include "recipe/import/notes.hpp"

namespace ociassemble {

// The arguments of the recipe: the ARGs of the Dockerfile. Their values as variables are marks (text.hpp).
class ImportArguments {
 public:
  // Both are borrowed.
  ImportArguments(const std::map<std::string, std::string>& given, const Dockerfile& file);

  // The value of --build-arg; null without one.
  const std::string* given(const std::string& name) const;
  // The names of --build-arg that no ARG declares.
  std::vector<std::string> undeclared() const;
  // What the variable stands for: the recipe's argument, or the value when the argument cannot have it.
  std::string remember(const std::string& name, std::optional<std::string> value);
  // The text with defaults instead of marks, nothing instead of an argument without one, and of the platform
  // linux/amd64.
  std::string plain(std::string_view text) const;
  // The "args" of a recipe of this text, as JSON; empty when it uses none.
  std::string json(std::string_view recipe) const;

 private:
  const std::map<std::string, std::string>& given_;
  std::set<std::string> declared_;
  std::set<std::string> split_;  // stages give them different defaults, which a recipe has where they are used
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
  void declare_one(const Dockerfile& file, const DockerInstruction& made, const DockerPair& pair);
  std::string settled(const VariableForm& form, const std::optional<std::string>& value);
  void note(const std::string& text);

  ImportArguments& arguments_;
  ImportNotes* notes_;
  std::map<std::string, std::string> values_, environment_, global_;
  bool has_base_ = false;
  const DockerInstruction* made_ = nullptr;
};

// What BuildKit says of the platform, in the recipe's words, for TARGET… and BUILD…; nothing for another name.
std::optional<std::string> platform_variable(std::string_view name);

}  // namespace ociassemble
