// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "recipe/import/dockerfile.hpp"

namespace ociassemble {

// The ARGs of a Dockerfile, which become the recipe's. Their values as variables are marks (import_text.hpp).
class ImportArguments {
 public:
  ImportArguments(const Dockerfile& file, const std::map<std::string, std::string>& given)
      : file_(file), given_(given) {}

  // One before the first FROM.
  void declare_globally(const DockerInstruction& made) { declare(made, global_, {}); }
  // One of a stage; a variable of the environment keeps its value.
  void declare(const DockerInstruction& made, DockerVariables& variables, const DockerVariables& environment);

  const DockerVariables& global() const noexcept { return global_; }
  // The text with defaults instead of marks; nothing instead of one that has none.
  std::string plain(std::string text) const;
  // The "args" of a recipe of this text, as JSON; empty when it uses none.
  std::string json(std::string_view recipe) const;

 private:
  std::string remember(const std::string& name, std::optional<std::string> value);

  const Dockerfile& file_;
  const std::map<std::string, std::string>& given_;
  DockerVariables global_;
  std::vector<std::pair<std::string, std::optional<std::string>>> arguments_;  // and their defaults; the last first
};

struct ImportStage {
  std::string name;
  std::string base;  // a stage's name, or an image's
  std::vector<const DockerInstruction*> instructions;
  std::string go_build;  // its "RUN … go build …"
};

// Divides at FROM. Throws as Dockerfile::refuse.
std::vector<ImportStage> divide_stages(const Dockerfile& file, ImportArguments& arguments);

// The stage that `name` or number `name` is, among the first `count`.
std::optional<std::size_t> find_stage(const std::vector<ImportStage>& stages, std::string_view name, std::size_t count);

}  // namespace ociassemble
