// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "recipe/import/build_stages.hpp"

namespace ociassemble {

// The "build" of a recipe's binary: the stage's go command, with all its flags.
struct BuildMember {
  std::optional<std::string> json;
  std::string reason;          // why there is none
  bool uses_platform = false;  // the command builds for the image's platform
  std::string platform;        // that the command names, "linux/arm64"; may be empty
};
BuildMember build_member(const StageProgram& program, ImportNotes& notes);

}  // namespace ociassemble
