// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "ociassemble/io.hpp"

namespace ociassemble {

// One gzip member (docs/layer-format.md). Level 1 to 12; at least one worker. `to` as make_compressor() says.
std::unique_ptr<FinishingSink> make_gzip_compressor(int level, std::size_t workers, Sink& to);

}  // namespace ociassemble
