// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ociassemble/recipe.hpp"

namespace ociassemble::tool {

// Runs the recipe's "build" commands, each once, in their order; what they print goes to the standard error as it is.
// GOOS, GOARCH, GOARM and GOAMD64 are the platform's. Throws Error{not_found} for a program or folder that is not
// there, Error{io} for one that fails or does not make its file, Error{invalid_argument} when two would write one file,
// each with the command's place in the recipe.
void compile(const std::vector<RecipeBuild>& builds);
// The same; to have none of them is Error{invalid_argument}, too.
void compile_some(const std::vector<RecipeBuild>& builds);

}  // namespace ociassemble::tool
