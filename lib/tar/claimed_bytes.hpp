// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "tar/entry.hpp"

namespace ociassemble {

// Counts the bytes that entries of layers claim to have. Sparse files may claim any number: they get so many more than
// the layers' own bytes. One thread.
class ClaimedBytes {
 public:
  // Before the entry is read; `layer_bytes` were read of its layer's tar so far. Throws Error{unsupported} that begins
  // with "cannot ACTION".
  void take(const TarEntry& entry, std::uint64_t layer_bytes, std::string_view action);

 private:
  std::uint64_t claimed_ = 0;
};

}  // namespace ociassemble
