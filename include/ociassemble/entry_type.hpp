// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace ociassemble {

// What a layer's entries can be.
enum class EntryType : std::uint8_t { regular, directory, symlink, hard_link, character_device, block_device, fifo };

}  // namespace ociassemble
