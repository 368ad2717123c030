// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "compress/deflate_symbols.hpp"
#include "compress/little_endian.hpp"

namespace ociassemble {

// Hash tables of positions hold 16 bits of each: what lies farther back than a match reaches is of no use. Positions
// count from 1 at the window's base; 0 stands for none. Before they would overflow, the base moves up.
class PositionWindow {
 public:
  static constexpr std::uint32_t kStep = kMaxDistance;
  // A parser's step goes less far.
  static constexpr std::uint32_t kMargin = 1024;

  void begin(const std::uint8_t* input) { base_ = input - 1; }
  std::uint32_t position(const std::uint8_t* at) const { return static_cast<std::uint32_t>(at - base_); }
  // What stands at a position; for 0, some byte that can be read.
  const std::uint8_t* at(std::uint32_t position) const { return base_ + position; }
  // A match at `position` reaches what is greater than this.
  static std::uint32_t too_far(std::uint32_t position, std::uint32_t distance = kMaxDistance) {
    return position > distance ? position - distance - 1 : 0;
  }

  bool is_full(const std::uint8_t* at) const { return position(at) >= 65536 - kMargin; }
  // After it every table has to be lowered.
  void move_up() { base_ += kStep; }
  // What is over kStep less kStep, and else 0; in a form that compilers make vectors of.
  static void lower(std::span<std::uint16_t> positions) {
    for (auto& position : positions) {
      const auto value = static_cast<std::int16_t>(position);
      position = static_cast<std::uint16_t>(value & (value >> 15) & 0x7FFF);
    }
  }

 private:
  const std::uint8_t* base_ = nullptr;
};

// How many bytes are equal, of which `length` are known to be, up to `most`. Reads up to 8 bytes beyond.
inline std::uint32_t match_length(const std::uint8_t* before, const std::uint8_t* at, std::uint32_t length,
                                  std::uint32_t most) {
  while (length < most) {
    const auto difference = load64(before + length) ^ load64(at + length);
    if (difference != 0)
      return std::min(length + (static_cast<std::uint32_t>(std::countr_zero(difference)) >> 3), most);
    length += 8;
  }
  return std::min(length, most);
}

}  // namespace ociassemble
