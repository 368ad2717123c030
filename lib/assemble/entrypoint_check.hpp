// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assemble/placement.hpp"
#include "ociassemble/assemble_options.hpp"
#include "ociassemble/image_config.hpp"

namespace ociassemble {

// Throws Error{check_failed} when the program that the options name, as entrypoint or as command without one, is not in
// the image: a name without '/' is looked for in PATH, as runtimes do. What lies in a volume is not known, and what the
// base names is the base's affair.
void require_program(const AssembleOptions& options, const ImageConfig& config, const Placement& placement);

}  // namespace ociassemble
