// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "commands/recipe_build.hpp"
#include "ociassemble/assemble_options.hpp"
#include "ociassemble/location.hpp"

namespace ociassemble::tool {

// Throws Error{not_found}, with what to do, for a program, file or folder that does not exist. Those of a recipe are
// refused before, with their place in it.
void require_inputs(const AssembleOptions& options);

// The local programs, files, folders and archives that builds name. A layout is not among them: it may be an output,
// too.
std::vector<std::filesystem::path> named_inputs(const std::vector<Build>& builds);

// The images that assembling reads: bases first, then those that files are taken from.
std::vector<Location> named_images(const std::vector<AssembleOptions>& images);
// Those of builds, and the older image that they are held against, if one is named.
std::vector<Location> named_images(const std::vector<Build>& builds, const std::string& against);

}  // namespace ociassemble::tool
