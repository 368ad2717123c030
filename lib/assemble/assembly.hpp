// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assemble/base_finder.hpp"
#include "ociassemble/assemble.hpp"

namespace ociassemble {

// assemble(), with a finder of bases that several assemblies share.
Assembled assemble_with(BaseFinder& bases, const AssembleOptions& options, const Workplace& workplace);

}  // namespace ociassemble
