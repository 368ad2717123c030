// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ociassemble/compression.hpp"

namespace ociassemble {

// The level with the default filled in; 0 for Compression::none. Throws Error{invalid_argument} when the kind has no
// such level.
int effective_level(const CompressionOptions& options);

}  // namespace ociassemble
