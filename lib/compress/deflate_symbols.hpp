// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace ociassemble {

// RFC 1951, section 3.2.5: the symbols of lengths and distances, counted from 0, and what the extra bits are added to.
inline constexpr std::uint32_t kMinMatch = 3;
inline constexpr std::uint32_t kMaxMatch = 258;
inline constexpr std::uint32_t kMaxDistance = 32768;

inline constexpr std::size_t kLengthSymbols = 29;
inline constexpr std::size_t kDistanceSymbols = 30;
inline constexpr std::size_t kEndOfBlock = 256;
inline constexpr std::size_t kFirstLengthSymbol = 257;
inline constexpr std::size_t kLiteralLengthSymbols = kFirstLengthSymbol + kLengthSymbols;

constexpr unsigned length_extra_bits(std::size_t symbol) {
  if (symbol < 8 || symbol == kLengthSymbols - 1) return 0;
  return static_cast<unsigned>(symbol / 4 - 1);
}

constexpr std::uint32_t length_base(std::size_t symbol) {
  if (symbol < 8) return kMinMatch + static_cast<std::uint32_t>(symbol);
  if (symbol == kLengthSymbols - 1) return kMaxMatch;
  return kMinMatch + ((4 + static_cast<std::uint32_t>(symbol % 4)) << length_extra_bits(symbol));
}

constexpr unsigned distance_extra_bits(std::size_t symbol) {
  return symbol < 4 ? 0 : static_cast<unsigned>(symbol / 2 - 1);
}

constexpr std::uint32_t distance_base(std::size_t symbol) {
  if (symbol < 4) return 1 + static_cast<std::uint32_t>(symbol);
  return 1 + ((2 + static_cast<std::uint32_t>(symbol % 2)) << distance_extra_bits(symbol));
}

constexpr auto make_length_symbols() {
  std::array<std::uint8_t, kMaxMatch + 1> symbols{};
  std::size_t symbol = 0;
  for (std::uint32_t length = kMinMatch; length <= kMaxMatch; ++length) {
    if (symbol + 1 < kLengthSymbols && length == length_base(symbol + 1)) ++symbol;
    symbols[length] = static_cast<std::uint8_t>(symbol);
  }
  return symbols;
}
inline constexpr auto kLengthSymbolOf = make_length_symbols();

// Distances up to 256 one by one, greater ones by 128, which no symbol cuts.
constexpr auto make_distance_symbols() {
  std::array<std::uint8_t, 512> symbols{};
  std::size_t symbol = 0;
  for (std::uint32_t distance = 1; distance <= kMaxDistance; ++distance) {
    if (symbol + 1 < kDistanceSymbols && distance == distance_base(symbol + 1)) ++symbol;
    const auto index = distance <= 256 ? distance - 1 : 256 + (distance - 1) / 128;
    symbols[index] = static_cast<std::uint8_t>(symbol);
  }
  return symbols;
}
inline constexpr auto kDistanceSymbolOf = make_distance_symbols();

inline std::size_t length_symbol(std::uint32_t length) { return kLengthSymbolOf[length]; }
inline std::size_t distance_symbol(std::uint32_t distance) {
  const auto index = distance - 1;
  return kDistanceSymbolOf[index < 256 ? index : 256 + (index >> 7)];
}

}  // namespace ociassemble
