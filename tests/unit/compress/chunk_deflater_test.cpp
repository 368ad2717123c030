// SPDX-License-Identifier: Apache-2.0
#include "compress/chunk_deflater.hpp"

#include <libdeflate.h>

#include "codec_support.hpp"
#include "compress/final_block.hpp"

namespace ociassemble {
namespace {

using test::code_of;
using test::from_hex;
using test::kMiB;

std::string raw_deflate(std::string_view input, int level) {
  auto* compressor = libdeflate_alloc_compressor(level);
  std::string out(libdeflate_deflate_compress_bound(compressor, input.size()), '\0');
  out.resize(libdeflate_deflate_compress(compressor, input.data(), input.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

std::optional<FinalBlock> walk(std::string_view deflate, std::size_t room) {
  std::vector<std::byte> scratch(room);
  return walk_final_block(as_bytes(deflate), scratch);
}

// A chunk as make_part() takes it.
DeflateChunk chunk_of(std::string_view input, std::string_view deflate) {
  DeflateChunk chunk;
  chunk.fill(as_bytes(input));
  std::ranges::copy(as_bytes(deflate), chunk.room().begin());
  chunk.output_size = deflate.size();
  return chunk;
}

TEST_CASE("walking finds the final block of streams written by hand") {
  // RFC 1951: 03 00 is BFINAL 1, BTYPE 01 and the seven zero bits of the end-of-block code.
  CHECK(walk(from_hex("0300"), 1) == FinalBlock{0, 10});
  // An empty stored block of 5 bytes, then the same.
  CHECK(walk(from_hex("000000ffff0300"), 1) == FinalBlock{40, 50});
  // A final stored block "ab".
  CHECK(walk(from_hex("010200fdff6162"), 2) == FinalBlock{0, 56});
}

TEST_CASE("walking finds nothing in damaged streams") {
  CHECK(walk(from_hex("010200fdff61"), 2) == std::nullopt);      // cut off
  CHECK(walk(from_hex("010200fdff616200"), 2) == std::nullopt);  // a byte too many
  CHECK(walk(from_hex("010200fdfe6162"), 2) == std::nullopt);    // NLEN is wrong
  CHECK(walk(from_hex("010200fdff6162"), 1) == std::nullopt);    // more than there is room for
  CHECK(walk("", 1) == std::nullopt);
}

TEST_CASE("guessing agrees with walking on what libdeflate makes of programs and text") {
  for (const int level : {1, 2, 3, 6, 9, 12}) {
    for (const std::size_t size : {std::size_t{2'000}, std::size_t{70'000}, kMiB - 1, kMiB}) {
      CAPTURE(level);
      CAPTURE(size);
      const auto deflate = raw_deflate(test::text(size, size), level);
      const auto walked = walk(deflate, size);
      REQUIRE(walked.has_value());
      CHECK(guess_final_block(as_bytes(deflate)) == walked);
    }
  }
}

TEST_CASE("guessing follows stored blocks") {
  const auto deflate = raw_deflate(test::random_bytes(kMiB), 6);
  const auto walked = walk(deflate, kMiB);
  REQUIRE(walked.has_value());
  CHECK(guess_final_block(as_bytes(deflate)) == walked);
}

TEST_CASE("guessing stays within any bytes") {
  test::Random random(7);
  for (int round = 0; round < 300; ++round) {
    const auto bytes = test::random_bytes(random.below(400), random.next() | 1);
    CHECK_NOTHROW(guess_final_block(as_bytes(bytes)));
  }
}

TEST_CASE("a part ends on a byte boundary with an empty stored block and has no final block") {
  const std::string input = test::text(300'000);
  DeflateChunk chunk;
  chunk.fill(as_bytes(input));
  ChunkDeflater(6).deflate(chunk);
  const std::string part(as_text(chunk.output()));
  CHECK(part.substr(part.size() - 4) == from_hex("0000ffff"));
  CHECK(walk(part, kMiB) == std::nullopt);
  const auto whole = walk(part + from_hex("0300"), kMiB);
  REQUIRE(whole.has_value());
  CHECK(whole->begin_bit == part.size() * 8);
}

TEST_CASE("the marker takes four or five bytes, by the bits that are free") {
  // "a" in a fixed block: 3 + 8 + 7 = 18 bits, so 6 are free and the marker's 3 header bits fit.
  auto chunk = chunk_of("a", from_hex("4b0400"));
  ChunkDeflater(6).make_part(chunk);
  CHECK(as_text(chunk.output()) == from_hex("4a04000000ffff"));
  // A stored block ends on a byte boundary: nothing is free.
  chunk = chunk_of("ab", from_hex("010200fdff6162"));
  ChunkDeflater(6).make_part(chunk);
  CHECK(as_text(chunk.output()) == from_hex("000200fdff6162000000ffff"));
}

TEST_CASE("a stream that decodes to other bytes is never made a part") {
  ChunkDeflater deflater(6);
  const std::string input = test::text(100'000);
  const auto good = raw_deflate(input, 6);
  const auto code_for = [&](std::string_view of, const std::string& deflate) {
    auto chunk = chunk_of(of, deflate);
    return code_of([&] { deflater.make_part(chunk); });
  };

  auto other_input = input;
  other_input[50'000] = static_cast<char>(other_input[50'000] ^ 1);
  CHECK(code_for(other_input, good) == ErrorCode::corrupt);
  CHECK(code_for(input + "more", good) == ErrorCode::corrupt);
  CHECK(code_for(input.substr(1), good) == ErrorCode::corrupt);
  CHECK(code_for(input, good.substr(0, good.size() - 1)) == ErrorCode::corrupt);
  CHECK(code_for(input, "") == ErrorCode::corrupt);
  for (const std::size_t at : {std::size_t{200}, good.size() / 2, good.size() - 3}) {
    auto damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    CHECK(code_for(input, damaged) == ErrorCode::corrupt);
  }
}

}  // namespace
}  // namespace ociassemble
