// SPDX-License-Identifier: Apache-2.0
#include "compress/deflate_encoder.hpp"

#include <stdexcept>

#include "codec_support.hpp"

namespace ociassemble {
namespace {

using test::inflate_part;
using test::kMiB;

constexpr int kLevels[] = {1, 2, 3, 4};

// The input lies between bytes `around`, which no result may depend on.
std::string encode(DeflateEncoder& encoder, std::string_view input, char around = '\0') {
  const std::string slack(DeflateParser::kBackSlack, around);
  const std::string with_slack = slack + std::string(input) + slack;
  std::string out(DeflateEncoder::bound(input.size()), '\0');
  out.resize(encoder.encode(as_bytes(std::string_view(with_slack).substr(slack.size(), input.size())),
                            std::as_writable_bytes(std::span(out))));
  return out;
}

void check_all_levels(std::string_view input) {
  for (const int level : kLevels) {
    CAPTURE(level);
    CAPTURE(input.size());
    DeflateEncoder encoder(level);
    REQUIRE(inflate_part(encode(encoder, input)) == input);
  }
}

TEST_CASE("inputs of every small size can be read back") {
  const auto words = test::text(400);
  for (std::size_t size = 0; size < 400; ++size) {
    check_all_levels(std::string_view(words).substr(0, size));
    check_all_levels(std::string(size, 'a'));
  }
}

TEST_CASE("inputs about the sizes of blocks and windows can be read back") {
  const std::vector<std::size_t> sizes = {32'767, 32'768, 32'769,  64'511,  65'535,  65'536,   65'537, 65'552,
                                          65'553, 65'800, 131'072, 131'088, 131'089, kMiB - 1, kMiB};
  for (const auto size : sizes) {
    check_all_levels(test::text(size, size));
    check_all_levels(test::random_bytes(size, size));
    check_all_levels(std::string(size, '\0'));
  }
}

// Bytes that come again at a distance, with a little noise.
std::string periodic(std::size_t size, std::size_t period, std::uint64_t seed) {
  test::Random random(seed);
  auto bytes = test::random_bytes(std::min(size, period), seed + 1);
  while (bytes.size() < size) {
    bytes += random.below(300) == 0 ? static_cast<char>(random.next() >> 40) : bytes[bytes.size() - period];
  }
  return bytes;
}

TEST_CASE("matches are found as far back as they may reach, and no farther") {
  for (const std::size_t period : {1UL, 2UL, 3UL, 4UL, 7UL, 8UL, 258UL, 4'096UL, 4'097UL, 32'767UL, 32'768UL}) {
    CAPTURE(period);
    const auto input = periodic(300'000, period, period);
    check_all_levels(input);
    for (const int level : {2, 3, 4}) {
      DeflateEncoder encoder(level);
      CHECK(encode(encoder, input).size() < period + input.size() / 20);
    }
    DeflateEncoder fast(1);  // leaves positions out after many without a match
    CHECK(encode(fast, input).size() < period + input.size() / 2);
  }
  check_all_levels(periodic(300'000, 32'769, 1));
  check_all_levels(periodic(300'000, 65'536, 1));
}

TEST_CASE("inputs put together at random can be read back") {
  test::Random random(21);
  for (int round = 0; round < 60; ++round) {
    std::string input;
    while (input.size() < 150'000 && random.below(12) != 0) {
      const auto size = random.below(30'000);
      switch (random.below(5)) {
        case 0:
          input += test::text(size, random.next() | 1);
          break;
        case 1:
          input += test::random_bytes(size, random.next() | 1);
          break;
        case 2:
          input.append(size, static_cast<char>(random.next()));
          break;
        case 3:
          input += periodic(size, 1 + random.below(40), random.next() | 1);
          break;
        default:
          input += input.substr(random.below(input.size() + 1), size);
          break;
      }
    }
    check_all_levels(input);
  }
}

TEST_CASE("the bytes do not depend on what lies around the input, nor on what was encoded before") {
  for (const int level : kLevels) {
    CAPTURE(level);
    for (const std::size_t size : {1UL, 15UL, 40UL, 3'000UL, 200'000UL}) {
      const auto input = test::text(size);
      DeflateEncoder fresh(level);
      const auto expected = encode(fresh, input);
      DeflateEncoder used(level);
      encode(used, test::text(500'000, 2), 'r');
      CHECK(encode(used, input, input.back()) == expected);
      CHECK(encode(used, input, 'r') == expected);
    }
  }
}

// What a table says that holds nothing yet: the byte before the input, which may seem to begin a match.
TEST_CASE("bytes that look like the one before the input and its first ones are no match") {
  for (const int level : kLevels) {
    CAPTURE(level);
    DeflateEncoder encoder(level);
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      const auto random = test::random_bytes(140, seed);
      auto input = random.substr(0, 40) + 'x' + random.substr(0, 3) + random.substr(40);
      // Short ones that come again, which a parser that steps otherwise from there on misses.
      for (std::size_t at = 3; at < 30; at += 8) input += test::random_bytes(3, 100 * seed + at) + random.substr(at, 5);
      CHECK(encode(encoder, input, 'x') == encode(encoder, input, 'y'));
    }
  }
}

TEST_CASE("bytes without a pattern grow by less than the bound allows") {
  const auto input = test::random_bytes(kMiB, 31);
  for (const int level : kLevels) {
    DeflateEncoder encoder(level);
    const auto size = encode(encoder, input).size();
    CHECK(size > input.size());
    CHECK(size <= DeflateEncoder::bound(input.size()));
  }
}

TEST_CASE("higher levels make less of a program") {
  const auto program = test::read_bytes("/proc/self/exe");
  const auto input = std::string_view(program).substr(0, kMiB);
  std::size_t before = input.size() / 4 * 3;
  for (const int level : kLevels) {
    CAPTURE(level);
    DeflateEncoder encoder(level);
    const auto size = encode(encoder, input).size();
    CHECK(size < before);
    before = size;
  }
}

TEST_CASE("too little room is refused") {
  DeflateEncoder encoder(4);
  std::string out(DeflateEncoder::bound(100) - 1, '\0');
  const std::string input(100 + 2 * DeflateParser::kBackSlack, 'x');
  const auto middle = as_bytes(input).subspan(DeflateParser::kBackSlack, 100);
  CHECK_THROWS_AS(encoder.encode(middle, std::as_writable_bytes(std::span(out))), std::length_error);
}

}  // namespace
}  // namespace ociassemble
