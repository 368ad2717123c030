// SPDX-License-Identifier: Apache-2.0
#include "compress/huffman_code.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <queue>
#include <vector>

#include "random.hpp"

namespace ociassemble {
namespace {

using Frequencies = std::vector<std::uint32_t>;
using Lengths = std::vector<std::uint8_t>;

Lengths code_lengths(const Frequencies& frequencies, unsigned limit) {
  Lengths lengths(frequencies.size(), 0xFF);
  make_code_lengths(frequencies, limit, lengths);
  return lengths;
}

// In units of 2^-15; all of it when the code is complete.
std::uint32_t kraft_sum(const Lengths& lengths) {
  std::uint32_t sum = 0;
  for (const auto length : lengths) sum += length == 0 ? 0 : (1U << 15) >> length;
  return sum;
}

std::uint64_t total_bits(const Frequencies& frequencies, const Lengths& lengths) {
  std::uint64_t bits = 0;
  for (std::size_t symbol = 0; symbol < frequencies.size(); ++symbol) {
    bits += std::uint64_t{frequencies[symbol]} * lengths[symbol];
  }
  return bits;
}

// What the best code takes, as Huffman found it: the sum of all inner nodes' weights.
std::uint64_t least_bits(const Frequencies& frequencies) {
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> weights;
  for (const auto frequency : frequencies) {
    if (frequency > 0) weights.push(frequency);
  }
  std::uint64_t bits = 0;
  while (weights.size() > 1) {
    auto weight = weights.top();
    weights.pop();
    weight += weights.top();
    weights.pop();
    bits += weight;
    weights.push(weight);
  }
  return bits;
}

TEST_CASE("codes are those of the example of RFC 1951, section 3.2.2") {
  const Lengths lengths = {3, 3, 3, 3, 3, 2, 4, 4};
  std::vector<std::uint16_t> codes(lengths.size());
  make_codes(lengths, codes);
  // 010, 011, 100, 101, 110, 00, 1110, 1111, each read from its end.
  CHECK(codes == std::vector<std::uint16_t>{0b010, 0b110, 0b001, 0b101, 0b011, 0b00, 0b0111, 0b1111});
}

TEST_CASE("symbols that do not occur have no code") {
  const auto lengths = code_lengths({0, 5, 0, 1, 1, 0}, 15);
  CHECK(lengths == Lengths{0, 1, 0, 2, 2, 0});
}

TEST_CASE("there are always two codes") {
  CHECK(code_lengths({0, 0, 0}, 15) == Lengths{1, 1, 0});
  CHECK(code_lengths({0, 0, 7}, 15) == Lengths{1, 0, 1});
  CHECK(code_lengths({7, 0, 0}, 15) == Lengths{1, 1, 0});
  CHECK(code_lengths({7, 3}, 15) == Lengths{1, 1});
}

TEST_CASE("code lengths are as short as can be, for any frequencies") {
  test::Random random(11);
  for (int round = 0; round < 500; ++round) {
    Frequencies frequencies(2 + random.below(285));
    const auto most = std::size_t{1} << random.below(18);
    for (auto& frequency : frequencies) frequency = static_cast<std::uint32_t>(random.below(most + 1));
    frequencies[0] = frequencies[1] = 1;
    const auto lengths = code_lengths(frequencies, 15);
    CHECK(kraft_sum(lengths) == 1U << 15);
    if (std::ranges::max(lengths) < 15) CHECK(total_bits(frequencies, lengths) == least_bits(frequencies));
  }
}

TEST_CASE("no code is longer than the limit, and the code stays complete") {
  // Fibonacci's numbers want the longest codes: one bit more for each.
  Frequencies frequencies = {1, 1};
  while (frequencies.size() < 40) frequencies.push_back(frequencies.end()[-1] + frequencies.end()[-2]);
  for (const unsigned limit : {6U, 7U, 9U, 14U, 15U}) {
    CAPTURE(limit);
    const auto lengths = code_lengths(frequencies, limit);
    CHECK(std::ranges::max(lengths) == limit);
    CHECK(kraft_sum(lengths) == 1U << 15);
    // The rarer a symbol, the longer its code.
    CHECK(std::ranges::is_sorted(lengths, std::greater<>()));
  }
  // As many symbols as there are codes.
  CHECK(code_lengths(Frequencies(128, 3), 7) == Lengths(128, 7));
}

TEST_CASE("the limit holds for random frequencies that differ much") {
  test::Random random(12);
  for (int round = 0; round < 300; ++round) {
    Frequencies frequencies(20 + random.below(266));
    for (auto& frequency : frequencies)
      frequency = static_cast<std::uint32_t>(random.next() >> (40 + random.below(24)));
    const auto lengths = code_lengths(frequencies, 9);
    CHECK(std::ranges::max(lengths) <= 9);
    CHECK(kraft_sum(lengths) == 1U << 15);
  }
}

}  // namespace
}  // namespace ociassemble
