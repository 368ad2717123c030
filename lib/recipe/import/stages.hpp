// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "recipe/import/variables.hpp"

namespace ociassemble {

struct ImportStage {
  std::string name;                   // lower case; may be empty
  std::string base;                   // an image's name, where it is built from none of the stages
  std::optional<std::size_t> parent;  // the stage that it is built from
  const DockerInstruction* from = nullptr;
  std::string platform;  // of its --platform; may be empty
  std::vector<const DockerInstruction*> instructions;
};

// Divides at FROM. `global` takes the ARGs before the first. Throws as Dockerfile::refuse.
std::vector<ImportStage> divide_stages(const Dockerfile& file, ImportVariables& global,
                                       const ImportArguments& arguments, ImportNotes& notes);

// The image that the stage is, when no instruction changes its files; empty otherwise.
std::string image_of_stage(const std::vector<ImportStage>& stages, std::size_t index);

// The stage that `name` or number `name` is, among the first `count`; names go by any case.
std::optional<std::size_t> find_stage(const std::vector<ImportStage>& stages, std::string_view name, std::size_t count);

}  // namespace ociassemble
