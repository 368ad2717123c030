// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

#include "codec_support.hpp"

namespace ociassemble {
namespace {

using test::compress;
using test::from_hex;
using test::have_program;
using test::kMiB;
using test::options_of;
using test::output_of;

// A reader that stops after the first member, and says how much it used.
struct FirstMember {
  std::string bytes;
  std::size_t used;
};
FirstMember read_first_member(const std::string& gzip, std::size_t room) {
  std::string out(room + 1, '\0');
  std::string in = gzip;
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, MAX_WBITS + 16) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  const std::size_t used = stream.total_in;
  inflateEnd(&stream);
  return {std::move(out), used};
}

std::string mixed(std::size_t size) {
  auto bytes = test::text(size / 2) + test::random_bytes(size / 4);
  bytes.resize(size);
  return bytes;
}

TEST_CASE("an empty input is the smallest member") {
  CHECK(compress("", options_of("gzip")) == from_hex("1f8b08000000000000ff03000000000000000000"));
}

TEST_CASE("the header has no time, no name and no system") {
  CHECK(compress("x", options_of("gzip:1")).substr(0, 10) == from_hex("1f8b08000000000000ff"));
  CHECK(compress("x", options_of("gzip:9")).substr(0, 10) == from_hex("1f8b08000000000000ff"));
}

TEST_CASE("a reader that stops after the first member reads everything, whatever the size") {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kMiB - 1, kMiB, kMiB + 1, 2 * kMiB, 3 * kMiB, 3 * kMiB + 1}) {
    for (const auto& input : {test::text(size), test::random_bytes(size), std::string(size, '\0'), mixed(size)}) {
      CAPTURE(size);
      const auto gzip = compress(input, options_of("gzip"));
      const auto [bytes, used] = read_first_member(gzip, size);
      CHECK(bytes == input);
      CHECK(used == gzip.size());
    }
  }
}

TEST_CASE("every level can be read back and is a quarter smaller at least") {
  const auto input = test::text(3 * kMiB / 2);
  for (int level = 1; level <= 12; ++level) {
    CAPTURE(level);
    const auto gzip = compress(input, options_of("gzip:" + std::to_string(level)));
    CHECK(test::decompress(gzip) == input);
    CHECK(gzip.size() < input.size() / 4 * 3);
  }
}

TEST_CASE("random bytes grow by less than a thousandth") {
  const auto input = test::random_bytes(3 * kMiB);
  CHECK(compress(input, options_of("gzip")).size() < input.size() + input.size() / 1000);
}

TEST_CASE("the bytes do not depend on the number of workers") {
  const auto input = mixed(9 * kMiB + 12'345);
  const auto one = compress(input, options_of("gzip", 1));
  for (const std::size_t workers : {0U, 2U, 3U, 8U, 100'000U})
    CHECK(compress(input, options_of("gzip", workers)) == one);
}

TEST_CASE("the bytes do not depend on how the input is cut into writes") {
  const auto input = mixed(4 * kMiB + 1);
  const auto whole = compress(input, options_of("gzip"));
  CHECK(test::compress_in_pieces(input, options_of("gzip", 3), 1, 1000) == whole);
  CHECK(test::compress_in_pieces(input, options_of("gzip", 3), 2, 3 * kMiB) == whole);
  CHECK(test::compress_in_pieces(input, options_of("gzip", 1), 3, kMiB) == whole);
}

TEST_CASE("other programs read it") {
  const auto input = mixed(3 * kMiB + 77);
  const auto gzip = compress(input, options_of("gzip"));
  if (have_program("gzip")) {
    CHECK(output_of("gzip -t", gzip).empty());
    CHECK(output_of("gzip -dc", gzip) == input);
  }
  if (have_program("pigz")) CHECK(output_of("pigz -dc", gzip) == input);
  if (have_program("python3")) {
    const std::string script =
        "python3 -c 'import gzip,sys; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))'";
    CHECK(output_of(script, gzip) == input);
  }
  if (have_program("bsdcat")) CHECK(output_of("bsdcat", gzip) == input);
}

}  // namespace
}  // namespace ociassemble
