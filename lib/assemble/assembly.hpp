// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bases/shared_work.hpp"
#include "ociassemble/assemble.hpp"

namespace ociassemble {

// assemble(), sharing work with other assemblies.
Assembled assemble_with(SharedWork& work, const AssembleOptions& options, const Workplace& workplace);

}  // namespace ociassemble
