// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "compress/deflate_symbols.hpp"
#include "compress/little_endian.hpp"

namespace ociassemble {

// Literals, and a match after them.
struct Sequence {
  std::uint32_t literals;
  std::uint16_t length;
  std::uint16_t distance;
};

// What a parser makes of a part of its input, before it has codes. Made once and filled again and again.
struct DeflateBlock {
  // A block covers less than this much input.
  static constexpr std::size_t kMaxInput = 65536 + 2 * kMaxMatch;
  // Literals are copied in steps, and read in steps, that may reach so far beyond their end.
  static constexpr std::size_t kLiteralSlack = 64;

  DeflateBlock();
  void clear(const std::uint8_t* at);

  const std::uint8_t* input = nullptr;
  std::size_t input_size = 0;

  std::unique_ptr<std::uint8_t[]> literals;  // of all sequences, and those after the last
  std::size_t literal_count = 0;
  std::unique_ptr<Sequence[]> sequences;
  std::size_t sequence_count = 0;
  std::uint32_t last_literals = 0;  // after the last sequence

  std::array<std::uint32_t, kLengthSymbols> length_frequencies{};
  std::array<std::uint32_t, kDistanceSymbols> distance_frequencies{};
};

// Writes bits, the lowest first, to room that has at least 8 bytes more than what is written.
class BitWriter {
 public:
  explicit BitWriter(std::uint8_t* to) : to_(to) {}

  // At most 56 bits until the next flush().
  void add(std::uint64_t bits, unsigned count) {
    bits_ |= bits << count_;
    count_ += count;
  }
  void flush() {
    store64(to_, bits_);
    to_ += count_ >> 3;
    bits_ >>= count_ & ~7U;
    count_ &= 7;
  }
  // Zeros up to the byte boundary.
  void align();
  // After align().
  void write(std::span<const std::uint8_t> bytes);
  // What flush() has written; all of it after align().
  std::uint8_t* position() const { return to_; }

 private:
  std::uint8_t* to_;
  std::uint64_t bits_ = 0;
  unsigned count_ = 0;
};

// Writes the block, not as a final one, in the smallest of the three forms (RFC 1951, section 3.2.3): with codes of its
// own, with fixed codes, or stored. Never takes more than input_size + 16 bytes, rounded up to whole ones.
void write_block(const DeflateBlock& block, BitWriter& to);

// An empty stored block, which ends on a byte boundary.
void write_empty_stored_block(BitWriter& to);

}  // namespace ociassemble
