// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "compress/deflate_parser.hpp"

namespace ociassemble {

// Makes parts of deflate streams (RFC 1951) that can be joined on byte boundaries: blocks of which none is final, ended
// by an empty stored block. The bytes follow from the input and the level, and belong to the layer format: a change
// here is a change of every layer's digest. For one thread; reused for any number of inputs.
class DeflateEncoder {
 public:
  static constexpr int kMaxLevel = 4;
  // Goes up when the bytes change.
  static constexpr const char* kVersion = "1.0";

  // Level 1 to kMaxLevel.
  explicit DeflateEncoder(int level);

  // The room that encode() needs for so much input.
  static std::size_t bound(std::size_t input_size);

  // Returns the number of bytes written. Before and after the input there have to be bytes that can be read, as
  // DeflateParser says.
  std::size_t encode(std::span<const std::byte> input, std::span<std::byte> room);

 private:
  std::unique_ptr<DeflateParser> parser_;
  DeflateBlock block_;
};

}  // namespace ociassemble
