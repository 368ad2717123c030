// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ociassemble {

// The compressions that layers have media types for.
enum class Compression { none, gzip, zstd };

}  // namespace ociassemble
