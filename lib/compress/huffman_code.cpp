// SPDX-License-Identifier: Apache-2.0
#include "compress/huffman_code.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace ociassemble {
namespace {

constexpr std::size_t kMaxSymbols = 288;
constexpr unsigned kMaxLength = 15;

struct Leaf {
  std::uint32_t frequency;
  std::uint32_t symbol;
};
using Leaves = std::array<Leaf, kMaxSymbols>;

// By frequency, equal ones in the order in which they are: byte by byte of the frequency, least significant first.
void sort_by_frequency(std::span<Leaf> leaves, Leaves& other) {
  std::uint32_t all = 0;
  for (const auto& leaf : leaves) all |= leaf.frequency;
  const auto room = std::span(other).first(leaves.size());
  for (unsigned shift = 0; shift < 32 && all >> shift != 0; shift += 8) {
    std::array<std::uint16_t, 257> places{};
    for (const auto& leaf : leaves) ++places[((leaf.frequency >> shift) & 0xFF) + 1];
    for (std::size_t byte = 1; byte < 256; ++byte) {
      places[byte] = static_cast<std::uint16_t>(places[byte] + places[byte - 1]);
    }
    for (const auto& leaf : leaves) room[places[(leaf.frequency >> shift) & 0xFF]++] = leaf;
    std::ranges::copy(room, leaves.begin());
  }
}

// Turns rising frequencies of two or more leaves into falling code lengths in their place, without a limit: A. Moffat
// and J. Katajainen, "In-Place Calculation of Minimum-Redundancy Codes", 1995. The array holds, one after the other,
// frequencies, inner nodes' weights, their parents' places, their depths, and the leaves' depths.
void frequencies_to_depths(std::span<std::uint32_t> a) {
  const std::size_t count = a.size();
  a[0] += a[1];
  std::size_t root = 0;  // the next inner node without a parent
  std::size_t leaf = 2;  // the next leaf without one
  for (std::size_t next = 1; next + 1 < count; ++next) {
    const auto take = [&] {
      if (leaf < count && (root >= next || a[leaf] <= a[root])) return a[leaf++];
      const auto weight = a[root];
      a[root++] = static_cast<std::uint32_t>(next);
      return weight;
    };
    const auto first = take();
    a[next] = 0;
    a[next] = first + take();
  }

  a[count - 2] = 0;
  for (std::size_t node = count - 2; node-- > 0;) a[node] = a[a[node]] + 1;

  std::size_t available = 1;
  std::uint32_t depth = 0;
  std::size_t inner = count - 1;  // inner nodes at places below it are not counted yet
  std::size_t next = count;       // leaves' depths are written at places below it
  while (available > 0) {
    std::size_t used = 0;
    for (; inner > 0 && a[inner - 1] == depth; --inner) ++used;
    for (; available > used; --available) a[--next] = depth;
    available = 2 * used;
    ++depth;
  }
}

// How many codes of each length there are when none is longer than `limit`: codes that were are cut off, and the space
// that this takes too much is won back from the longest of the others.
std::array<std::uint32_t, kMaxLength + 1> limit_lengths(std::span<const std::uint32_t> depths, unsigned limit) {
  std::array<std::uint32_t, kMaxLength + 1> counts{};
  std::uint32_t space = 0;  // in codes of the longest length
  for (const auto depth : depths) {
    const auto length = std::min(depth, limit);
    ++counts[length];
    space += 1U << (limit - length);
  }
  for (; space > 1U << limit; --space) {
    auto length = limit - 1;
    while (counts[length] == 0) --length;
    --counts[length];
    counts[length + 1] += 2;
    --counts[limit];
  }
  return counts;
}

constexpr auto kReversedBytes = [] {
  std::array<std::uint8_t, 256> reversed{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit)
      reversed[byte] |= static_cast<std::uint8_t>(((byte >> bit) & 1) << (7 - bit));
  }
  return reversed;
}();

}  // namespace

void make_code_lengths(std::span<const std::uint32_t> frequencies, unsigned limit, std::span<std::uint8_t> lengths) {
  Leaves leaves;
  std::size_t count = 0;
  for (std::uint32_t symbol = 0; symbol < frequencies.size(); ++symbol) {
    lengths[symbol] = 0;
    if (frequencies[symbol] > 0) leaves[count++] = {frequencies[symbol], symbol};
  }
  for (std::uint32_t symbol = 0; count < 2; ++symbol) {
    if (frequencies[symbol] == 0) leaves[count++] = {1, symbol};
  }
  Leaves scratch;
  sort_by_frequency(std::span(leaves).first(count), scratch);

  std::array<std::uint32_t, kMaxSymbols> depths{};
  for (std::size_t index = 0; index < count; ++index) depths[index] = leaves[index].frequency;
  frequencies_to_depths(std::span(depths).first(count));
  const auto counts = limit_lengths(std::span(depths).first(count), limit);

  std::size_t index = 0;  // rarest first
  for (auto length = limit; length > 0; --length) {
    for (auto left = counts[length]; left > 0; --left) {
      lengths[leaves[index++].symbol] = static_cast<std::uint8_t>(length);
    }
  }
}

std::uint16_t reversed_code(std::uint32_t code, unsigned length) {
  const std::uint32_t all = std::uint32_t{kReversedBytes[code & 0xFF]} << 8 | kReversedBytes[code >> 8];
  return static_cast<std::uint16_t>(all >> (16 - length));
}

void make_codes(std::span<const std::uint8_t> lengths, std::span<std::uint16_t> codes) {
  std::array<std::uint32_t, kMaxLength + 1> counts{};
  for (const auto length : lengths) ++counts[length];
  counts[0] = 0;
  std::array<std::uint32_t, kMaxLength + 1> next{};
  for (unsigned length = 1; length <= kMaxLength; ++length) next[length] = (next[length - 1] + counts[length - 1]) << 1;
  for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
    const unsigned length = lengths[symbol];
    codes[symbol] = length == 0 ? std::uint16_t{0} : reversed_code(next[length]++, length);
  }
}

}  // namespace ociassemble
