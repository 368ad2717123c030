// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "compress/deflate_block.hpp"

namespace ociassemble {

// Cuts input into blocks of literals and matches, which follow from the input alone. For one thread; used for any
// number of inputs, one after the other.
class DeflateParser {
 public:
  // What has to be readable before and after the input, whatever it holds; the result does not depend on it.
  static constexpr std::size_t kFrontSlack = 1;
  static constexpr std::size_t kBackSlack = 64 + kMaxMatch;

  DeflateParser() = default;
  DeflateParser(const DeflateParser&) = delete;
  DeflateParser& operator=(const DeflateParser&) = delete;
  virtual ~DeflateParser() = default;

  // Forgets what was there before. The input has to stay as long as blocks of it are used.
  virtual void begin(const std::uint8_t* input, std::size_t size) = 0;
  // The next block; false when there is none.
  virtual bool next(DeflateBlock& block) = 0;
};

// One probe for each position that it looks at, and few positions remembered: as fast as it gets.
std::unique_ptr<DeflateParser> make_fast_parser();

struct LazyParserOptions {
  std::uint32_t good_length;    // a match of this length is taken without a look at the next position
  std::uint32_t dense_inserts;  // so many positions of a match are remembered; 0 to 16
  std::uint32_t sparse_step;    // of the rest, one in so many; from 1 on
};

// Looks for matches of 7 bytes, of 4, and of 3, and takes a match unless the next position has a better one.
std::unique_ptr<DeflateParser> make_lazy_parser(const LazyParserOptions& options);

}  // namespace ociassemble
