// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace ociassemble {

// Where the final block of a raw deflate stream lies (RFC 1951, section 3.2.3). Bits count from the least significant
// bit of the first byte; `begin_bit` is the BFINAL bit, `end_bit` the first bit after the end of the block.
struct FinalBlock {
  std::size_t begin_bit;
  std::size_t end_bit;
  bool operator==(const FinalBlock&) const = default;
};

// Guesses without decoding: follows a chain of stored blocks, or searches backwards for a header with complete Huffman
// codes whose end-of-block code ends the stream. Takes a tenth of the time of walking. May be wrong or give up; the
// caller has to prove the answer.
std::optional<FinalBlock> guess_final_block(std::span<const std::byte> deflate);

// Decodes the whole stream to find out. `scratch` holds at least the decoded bytes. Nothing when the stream is damaged,
// too long for `scratch`, or has bytes after its final block.
std::optional<FinalBlock> walk_final_block(std::span<const std::byte> deflate, std::span<std::byte> scratch);

}  // namespace ociassemble
