// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "ociassemble/recipe.hpp"

namespace CLI {
class App;
}

namespace ociassemble::tool {

// The programs that `rebuild --compile` makes again: by the commands of the recipe here, never by those that somebody
// else wrote into a provenance. What they make goes into a folder of its own; no file of the checkout is replaced by
// it.
class RecompileFlags {
 public:
  void add_to(CLI::App& app);
  bool is_given() const noexcept { return compiles_; }

  struct Result {
    std::map<std::string, std::filesystem::path> programs;  // that were made, by their inputs' names
    std::vector<std::string> differences;                   // commands that are not the recipe's; nothing was run then
  };
  // `wanted` are the commands of the provenance; the programs that `given` names are not made. `folder` is the one that
  // inputs' names start from, `into` an empty one. Throws what compile() and reading a recipe throw, and
  // Error{unsupported} for a provenance without commands, and for a command that does not take "{output}".
  Result run(const std::vector<RecipeBuild>& wanted, const std::map<std::string, std::filesystem::path>& given,
             const std::filesystem::path& folder, const std::filesystem::path& into) const;

 private:
  bool compiles_ = false;
  std::string file_;
  std::vector<std::string> settings_;
};

}  // namespace ociassemble::tool
