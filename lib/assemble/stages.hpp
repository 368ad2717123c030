// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ociassemble/assemble.hpp"

namespace ociassemble {

// What is laid on the base, stage on stage: of each foundation what the image still has of it (see
// AssembleOptions::foundations), of each later stage what it adds or changes, the options' own members last. One stage
// where there are no foundations. Looks at the disk to tell files from folders.
std::vector<Contents> stages_of(const AssembleOptions& options);

// The foundations with nothing but what the image still has of them: no input that it replaces or leaves out.
std::vector<Contents> kept_foundations(const AssembleOptions& options);

}  // namespace ociassemble
