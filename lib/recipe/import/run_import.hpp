// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "recipe/import/copies.hpp"
#include "recipe/import/folders.hpp"

namespace ociassemble {

// RUN: its commands' effects on the image, as far as a recipe can say them.
class RunImport {
 public:
  // Both are borrowed.
  RunImport(ImportState& state, FolderImport& folders) : state_(state), folders_(folders) {}

  void take(const DockerInstruction& made);
  // Names the go commands that make none of the recipe's programs.
  void finish(const CopyImport& copies);

 private:
  struct GoLine {
    const DockerInstruction* made;
    std::string text;
  };

  void take_effects(const DockerInstruction& made, RunEffects effects);

  ImportState& state_;
  FolderImport& folders_;
  std::vector<GoLine> go_commands_;
};

}  // namespace ociassemble
