// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "commands/recipe_build.hpp"
#include "ociassemble/assemble_options.hpp"

namespace ociassemble::tool {

// Throws Error{not_found}, with what to do, for a program, file or folder that does not exist. Those of a recipe are
// refused before, with their place in it.
void require_inputs(const AssembleOptions& options);

// The local programs, files, folders and archives that builds name. A layout is not among them: it may be an output,
// too.
std::vector<std::filesystem::path> named_inputs(const std::vector<Build>& builds);

}  // namespace ociassemble::tool
