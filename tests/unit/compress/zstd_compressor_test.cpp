// SPDX-License-Identifier: Apache-2.0
#include <zstd.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "codec_support.hpp"

namespace ociassemble {
namespace {

using test::compress;
using test::kMiB;
using test::options_of;

constexpr std::size_t kJob = 2 * kMiB;

// What libzstd makes by a thread of its own.
std::string by_a_thread(std::string_view input, int level) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  for (const auto& [parameter, value] :
       {std::pair(ZSTD_c_compressionLevel, level), std::pair(ZSTD_c_nbWorkers, 1),
        std::pair(ZSTD_c_jobSize, static_cast<int>(kJob)), std::pair(ZSTD_c_overlapLog, 6),
        std::pair(ZSTD_c_checksumFlag, 1), std::pair(ZSTD_c_contentSizeFlag, 0)})
    REQUIRE(ZSTD_isError(ZSTD_CCtx_setParameter(context.get(), parameter, value)) == 0);
  std::string made(ZSTD_compressBound(input.size()) + 1000, ' ');
  ZSTD_outBuffer out{made.data(), made.size(), 0};
  ZSTD_inBuffer in{nullptr, 0, 0};
  ZSTD_compressStream2(context.get(), &out, &in, ZSTD_e_continue);
  in = {input.data(), input.size(), 0};
  while (ZSTD_compressStream2(context.get(), &out, &in, ZSTD_e_end) != 0) {
  }
  return made.substr(0, out.pos);
}

TEST_CASE("what is less than a job has the bytes that a thread of libzstd gives") {
  const auto noise = test::random_bytes(kJob);
  const auto words = test::text(kJob);
  std::string mixed;
  for (std::size_t at = 0; mixed.size() < kJob; at += 30'000)
    mixed += words.substr(at, 20'000) + noise.substr(at, 10'000);
  for (int level = 1; level <= 5; ++level) {
    for (const auto& input : {noise, words, mixed, std::string(kJob, '\0')}) {
      for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1000}, std::size_t{131'072},
                                     std::size_t{131'073}, std::size_t{700'001}, kJob - 1, kJob}) {
        CAPTURE(level);
        CAPTURE(size);
        const auto part = std::string_view(input).substr(0, size);
        CHECK(compress(std::string(part), options_of("zstd:" + std::to_string(level))) == by_a_thread(part, level));
      }
    }
  }
}

TEST_CASE("a layer is one zstd frame with a checksum and no content size") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100'000}, 3 * kJob + 5}) {
    CAPTURE(size);
    const auto zstd = compress(test::text(size), options_of("zstd"));
    CHECK(ZSTD_findFrameCompressedSize(zstd.data(), zstd.size()) == zstd.size());
    CHECK(ZSTD_getFrameContentSize(zstd.data(), zstd.size()) == ZSTD_CONTENTSIZE_UNKNOWN);
    // RFC 8878, section 3.1.1.1.1: bit 2 of the frame header descriptor is the checksum flag.
    CHECK((static_cast<unsigned char>(zstd.at(4)) & 4U) != 0);
  }
}

TEST_CASE("what zstd compressed reads back, whatever the size") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kJob - 1, kJob, kJob + 1, 2 * kJob}) {
    for (const auto& input : {test::text(size), test::random_bytes(size)}) {
      CAPTURE(size);
      CHECK(test::decompress(compress(input, options_of("zstd"))) == input);
    }
  }
}

TEST_CASE("every level can be read back and is a quarter smaller at least") {
  for (int level = 1; level <= 19; ++level) {
    CAPTURE(level);
    const auto input = test::text(level <= 5 ? kJob + 1000 : 200'000);
    const auto zstd = compress(input, options_of("zstd:" + std::to_string(level)));
    CHECK(test::decompress(zstd) == input);
    CHECK(zstd.size() < input.size() / 4 * 3);
  }
}

TEST_CASE("the frame does not depend on the number of workers") {
  for (const auto size : {std::size_t{0}, std::size_t{1000}, 4 * kJob, 6 * kJob + 54'321}) {
    const auto input = test::text(size);
    const auto one = compress(input, options_of("zstd", 1));
    for (const std::size_t workers : {0U, 2U, 3U, 8U, 100'000U}) {
      CAPTURE(size);
      CAPTURE(workers);
      CHECK(compress(input, options_of("zstd", workers)) == one);
    }
  }
}

TEST_CASE("the frame of a higher level does not depend on the number of workers") {
  const auto input = test::text(4 * kJob) + test::random_bytes(4 * kJob + 1);
  const auto one = compress(input, options_of("zstd:6", 1));
  CHECK(compress(input, options_of("zstd:6", 2)) == one);
  CHECK(test::compress_in_pieces(input, options_of("zstd:6", 3), 4, kJob) == one);
  CHECK(test::decompress(one) == input);
}

TEST_CASE("the frame does not depend on how the input is cut into writes") {
  for (const auto size : {std::size_t{1}, std::size_t{1000}, 4 * kJob, 2 * kJob + 4321}) {
    CAPTURE(size);
    const auto input = test::text(size);
    const auto whole = compress(input, options_of("zstd"));
    CHECK(test::compress_in_pieces(input, options_of("zstd", 3), 1, 5000) == whole);
    CHECK(test::compress_in_pieces(input, options_of("zstd", 1), 2, 3 * kJob) == whole);
  }
}

// Where the input ends with a job, libzstd by itself ends the frame in that job or in an empty one after it, depending
// on how many finished jobs wait for us to take their output.
TEST_CASE("the end of the frame does not depend on how much output was waiting") {
  for (const std::size_t jobs : {4U, 5U, 6U, 8U}) {
    CAPTURE(jobs);
    const auto input = test::random_bytes(jobs * kJob);
    const auto at_once = compress(input, options_of("zstd:1", 1));
    for (const std::size_t workers : {1U, 2U, 3U, 8U}) {
      CHECK(compress(input, options_of("zstd:1", workers)) == at_once);
      CHECK(test::compress_in_pieces(input, options_of("zstd:1", workers), 5, 20'000) == at_once);
    }
  }
}

TEST_CASE("the zstd program reads it") {
  if (!test::have_program("zstd")) return;
  const auto input = test::text(2 * kJob + 99);
  const auto zstd = compress(input, options_of("zstd"));
  CHECK(test::output_of("zstd -q -t", zstd).empty());
  CHECK(test::output_of("zstd -q -dc", zstd) == input);
}

}  // namespace
}  // namespace ociassemble
