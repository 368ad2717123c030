// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ociassemble/assemble_options.hpp"

namespace ociassemble::tool {

// Throws Error{not_found}, with what to do, for a program, file or folder that does not exist. Those of a recipe are
// refused before, with their place in it.
void require_inputs(const AssembleOptions& options);

}  // namespace ociassemble::tool
