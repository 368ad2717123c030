// SPDX-License-Identifier: Apache-2.0
#include "compress/deflate_block.hpp"

#include <algorithm>
#include <cstring>

#include "codec_support.hpp"

namespace ociassemble {
namespace {

using test::from_hex;
using test::inflate_part;

// RFC 1951, section 3.2.5: the first length of each symbol from 257 on, and the bits after it.
constexpr std::uint32_t kLengths[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                        31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr unsigned kLengthBits[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                      2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
constexpr std::uint32_t kDistances[30] = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                          33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                          1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};

void add(DeflateBlock& block, std::string_view literals, std::uint32_t length = 0, std::uint32_t distance = 0) {
  std::memcpy(block.literals.get() + block.literal_count, literals.data(), literals.size());
  block.literal_count += literals.size();
  block.input_size += literals.size() + length;
  if (length == 0) {
    block.last_literals = static_cast<std::uint32_t>(literals.size());
    return;
  }
  block.sequences[block.sequence_count++] = {static_cast<std::uint32_t>(literals.size()),
                                             static_cast<std::uint16_t>(length), static_cast<std::uint16_t>(distance)};
  ++block.length_frequencies[length_symbol(length)];
  ++block.distance_frequencies[distance_symbol(distance)];
}

// The block as a part of a stream, ended by an empty stored block.
std::string written(const DeflateBlock& block) {
  std::string bytes(block.input_size + 64, '\0');
  auto* const begin = reinterpret_cast<std::uint8_t*>(bytes.data());
  BitWriter writer(begin);
  write_block(block, writer);
  write_empty_stored_block(writer);
  bytes.resize(static_cast<std::size_t>(writer.position() - begin));
  return bytes;
}

TEST_CASE("symbols of lengths and distances are those of the standard's tables") {
  for (std::size_t symbol = 0; symbol < 29; ++symbol) {
    CHECK(length_base(symbol) == kLengths[symbol]);
    CHECK(length_extra_bits(symbol) == kLengthBits[symbol]);
  }
  for (std::uint32_t length = 3; length <= 258; ++length) {
    const auto after = std::upper_bound(std::begin(kLengths), std::end(kLengths), length);
    CHECK(length_symbol(length) == static_cast<std::size_t>(after - kLengths) - 1);
  }
  for (std::size_t symbol = 0; symbol < 30; ++symbol) {
    CHECK(distance_base(symbol) == kDistances[symbol]);
    CHECK(distance_extra_bits(symbol) == (symbol < 4 ? 0 : symbol / 2 - 1));
  }
  for (std::uint32_t distance = 1; distance <= 32768; ++distance) {
    const auto after = std::upper_bound(std::begin(kDistances), std::end(kDistances), distance);
    REQUIRE(distance_symbol(distance) == static_cast<std::size_t>(after - kDistances) - 1);
  }
}

TEST_CASE("a short block has fixed codes") {
  DeflateBlock block;
  block.clear(nullptr);
  add(block, "a");
  // As zlib writes "a", 4b 04 00, without BFINAL; then three zero bits, and LEN and NLEN.
  CHECK(written(block) == from_hex("4a04000000ffff"));
}

TEST_CASE("bytes without any pattern are stored, in pieces that the form allows") {
  const auto input = test::random_bytes(65'600);
  DeflateBlock block;
  block.clear(reinterpret_cast<const std::uint8_t*>(input.data()));
  add(block, input);
  const auto part = written(block);
  CHECK(part.substr(0, 5) == from_hex("00ffff0000"));
  CHECK(part.substr(5, 65'535) == input.substr(0, 65'535));
  CHECK(part.substr(65'540, 5) == from_hex("004100beff"));
  CHECK(part.substr(65'545) == input.substr(65'535) + from_hex("000000ffff"));
}

TEST_CASE("every length and every distance is written as it is read") {
  const auto front = test::random_bytes(32'768, 5);
  for (std::uint32_t length = 3; length <= 258; ++length) {
    DeflateBlock block;
    block.clear(reinterpret_cast<const std::uint8_t*>(front.data()));
    add(block, front);
    block.last_literals = 0;
    block.literal_count = 0;
    block.input_size = 0;
    std::string expected = front;
    // All lengths with one distance of each symbol, and its last, which has all its extra bits.
    const std::uint32_t distance =
        length < 60 ? kDistances[(length - 3) % 30] : std::min<std::uint32_t>(32'768, length * 131);
    add(block, front, length, distance);
    for (std::uint32_t index = 0; index < length; ++index) expected += expected[expected.size() - distance];
    add(block, "!");
    expected += '!';
    block.input = reinterpret_cast<const std::uint8_t*>(expected.data());
    REQUIRE(inflate_part(written(block)) == expected);
  }
}

TEST_CASE("runs of literals of every length between matches are written whole") {
  test::Random random(3);
  DeflateBlock block;
  block.clear(nullptr);
  std::string expected = "some literals to begin with";
  add(block, expected, 3, 9);
  for (int index = 0; index < 3; ++index) expected += expected[expected.size() - 9];
  for (std::size_t run = 0; run < 40; ++run) {
    std::string literals;
    while (literals.size() < run) literals += static_cast<char>('a' + random.below(20));
    const auto length = static_cast<std::uint32_t>(3 + random.below(256));
    const auto distance = static_cast<std::uint32_t>(1 + random.below(expected.size()));
    add(block, literals, length, distance);
    expected += literals;
    for (std::uint32_t index = 0; index < length; ++index) expected += expected[expected.size() - distance];
  }
  block.input = reinterpret_cast<const std::uint8_t*>(expected.data());
  CHECK(inflate_part(written(block)) == expected);
}

TEST_CASE("a block of one byte repeated, and one without literals, can be read") {
  const std::string front(4'000, 'x');
  DeflateBlock block;
  block.clear(reinterpret_cast<const std::uint8_t*>(front.data()));
  add(block, front);
  CHECK(inflate_part(written(block)) == front);

  std::string stream(20'000, '\0');
  BitWriter writer(reinterpret_cast<std::uint8_t*>(stream.data()));
  write_block(block, writer);
  block.clear(reinterpret_cast<const std::uint8_t*>(front.data()));
  for (int index = 0; index < 10; ++index) add(block, "", 258, 1);
  write_block(block, writer);
  write_empty_stored_block(writer);
  stream.resize(static_cast<std::size_t>(writer.position() - reinterpret_cast<std::uint8_t*>(stream.data())));
  CHECK(inflate_part(stream) == front + std::string(2'580, 'x'));
}

}  // namespace
}  // namespace ociassemble
