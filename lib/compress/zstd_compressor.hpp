// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "ociassemble/io.hpp"

namespace ociassemble {

// One zstd frame (docs/layer-format.md). Level 1 to 19; at least one worker. `to` as make_compressor() says.
std::unique_ptr<FinishingSink> make_zstd_compressor(int level, std::size_t workers, Sink& to);

}  // namespace ociassemble
