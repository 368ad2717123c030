// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>

#include "ociassemble/image.hpp"
#include "tar/entry.hpp"

namespace ociassemble {

// An entry of a layer while it is read.
struct ReadEntry {
  const TarEntry& entry;
  Source& data;               // a regular file's bytes; need not be read
  std::uint64_t layer_bytes;  // of the tar, read so far
};

// Reads a layer from its blob and hands over every entry in order; returns the size of its tar. Throws DigestMismatch
// when blob or diff ID differ, and what reading throws; the entries seen before that are not to be trusted.
std::uint64_t for_each_entry(const Layer& layer, const std::stop_token& stop,
                             const std::function<void(const ReadEntry&)>& use);

}  // namespace ociassemble
