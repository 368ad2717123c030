// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ociassemble {

// What a layer's entries can be.
enum class EntryType { regular, directory, symlink, hard_link, character_device, block_device, fifo };

}  // namespace ociassemble
