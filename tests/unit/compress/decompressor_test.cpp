// SPDX-License-Identifier: Apache-2.0
#include <zstd.h>

#include "codec_support.hpp"

namespace ociassemble {
namespace {

using test::code_of;
using test::decompress;
using test::from_hex;

constexpr std::string_view kHello = "hello, layer\n";

// Made by Python's gzip, bz2 and lzma modules and by zstd 1.5.4.
const std::string kGzip = from_hex("1f8b0800000000000203cb48cdc9c9d751c849ac4c2de2020033314de60d000000");
const std::string kZstd = from_hex("28b52ffd045869000068656c6c6f2c206c617965720a82b5a970");
const std::string kBzip2 =
    from_hex("425a683931415926535986ddac0a0000035180001040042244902020003100302003d21402de58d0bc5dc914e142421b76b028");
const std::string kXz = from_hex(
    "fd377a585a000004e6d6b4460200210116000000742fe5a301000c68656c6c6f2c206c617965720a00000000b68bb8a477ef98ea0001250d71"
    "19c4b61fb6f37d010000000004595a");
const std::string kEmptyBzip2 = from_hex("425a683917724538509000000000");
const std::string kEmptyXz = from_hex("fd377a585a000004e6d6b446000000001cdf44211fb6f37d010000000004595a");

// One byte at a time: every place where a buffer can end.
class TricklingSource : public Source {
 public:
  explicit TricklingSource(std::string bytes) : bytes_(std::move(bytes)) {}
  std::size_t read(std::span<std::byte> buffer) override {
    return bytes_.read(buffer.first(std::min<std::size_t>(buffer.size(), 1)));
  }

 private:
  StringSource bytes_;
};

std::string decompress_slowly(const std::string& compressed) {
  const auto source = make_decompressor(std::make_unique<TricklingSource>(compressed), "it");
  std::string out;
  std::byte one{};
  while (source->read({&one, 1}) == 1) out += static_cast<char>(one);
  CHECK(source->read({&one, 1}) == 0);
  return out;
}

TEST_CASE("compressions are told apart by their first bytes") {
  const auto detect = [](std::string_view bytes) { return detect_compression(as_bytes(bytes)); };
  CHECK(detect(kGzip) == DetectedCompression::gzip);
  CHECK(detect(kZstd) == DetectedCompression::zstd);
  CHECK(detect(from_hex("5e2a4d1800000000")) == DetectedCompression::zstd);  // a skippable frame
  CHECK(detect(kXz) == DetectedCompression::xz);
  CHECK(detect(kBzip2) == DetectedCompression::bzip2);
  CHECK(detect(kEmptyBzip2) == DetectedCompression::bzip2);
  CHECK(detect("") == DetectedCompression::none);
  CHECK(detect("BZh9.txt is only a name") == DetectedCompression::none);
  CHECK(detect("\x1f") == DetectedCompression::none);
}

TEST_CASE("every compression is read") {
  for (const auto& compressed : {kGzip, kZstd, kXz, kBzip2, std::string(kHello)}) {
    CHECK(decompress(compressed) == kHello);
    CHECK(decompress_slowly(compressed) == kHello);
  }
}

TEST_CASE("nothing compressed is nothing") {
  CHECK(decompress("").empty());
  CHECK(decompress(test::compress("", test::options_of("gzip"))).empty());
  CHECK(decompress(test::compress("", test::options_of("zstd"))).empty());
}

// libarchive cannot tell it from damage.
TEST_CASE("xz and bzip2 files with nothing in them are refused") {
  CHECK(code_of([&] { decompress(kEmptyXz); }) == ErrorCode::corrupt);
  CHECK(code_of([&] { decompress(kEmptyBzip2); }) == ErrorCode::corrupt);
}

TEST_CASE("several members, frames and streams are read as one") {
  const auto twice = std::string(kHello) + std::string(kHello);
  for (const auto& compressed : {kGzip, kZstd, kXz, kBzip2}) {
    CHECK(decompress(compressed + compressed) == twice);
    CHECK(decompress_slowly(compressed + compressed) == twice);
  }
  CHECK(decompress(kZstd + from_hex("502a4d1803000000616263") + kZstd) == twice);
}

TEST_CASE("zeros may follow the last gzip member") {
  CHECK(decompress(kGzip + std::string(100'000, '\0')) == kHello);
  CHECK(decompress_slowly(kGzip + std::string(7, '\0')) == kHello);
}

TEST_CASE("anything else after the compressed data is refused") {
  for (const auto& compressed : {kGzip, kZstd, kXz, kBzip2}) {
    for (const auto& rubbish :
         {std::string("x"), std::string("rubbish that is longer than a header"), std::string(300'000, 'x')}) {
      CAPTURE(compressed.substr(0, 3));
      CAPTURE(rubbish.size());
      CHECK(code_of([&] { decompress(compressed + rubbish); }) == ErrorCode::corrupt);
    }
  }
  CHECK(code_of([&] { decompress(kGzip + std::string(600, '\0') + "x"); }) == ErrorCode::corrupt);
  CHECK(code_of([&] { decompress(kGzip + std::string(3, '\0') + kGzip); }) == ErrorCode::corrupt);
}

TEST_CASE("data that was cut off is refused, wherever that was") {
  for (const auto& compressed : {kGzip, kZstd, kXz, kBzip2}) {
    for (std::size_t size = 10; size < compressed.size(); ++size) {
      CAPTURE(compressed.substr(0, 3));
      CAPTURE(size);
      CHECK(code_of([&] { decompress(compressed.substr(0, size)); }) == ErrorCode::corrupt);
      CHECK(code_of([&] { decompress(compressed + compressed.substr(0, size)); }) == ErrorCode::corrupt);
    }
  }
}

TEST_CASE("a large file that was cut off is refused") {
  const auto input = test::text(3'000'000);
  for (const char* spec : {"gzip", "zstd"}) {
    const auto compressed = test::compress(input, test::options_of(spec));
    CHECK(code_of([&] { decompress(compressed.substr(0, compressed.size() / 2)); }) == ErrorCode::corrupt);
    CHECK(code_of([&] { decompress(compressed.substr(0, compressed.size() - 1)); }) == ErrorCode::corrupt);
  }
}

TEST_CASE("a wrong checksum is refused") {
  auto gzip = kGzip;
  gzip[gzip.size() - 5] = static_cast<char>(gzip[gzip.size() - 5] ^ 1);
  CHECK(code_of([&] { decompress(gzip); }) == ErrorCode::corrupt);
  auto zstd = kZstd;
  zstd.back() = static_cast<char>(zstd.back() ^ 1);
  CHECK(code_of([&] { decompress(zstd); }) == ErrorCode::corrupt);
}

TEST_CASE("flipped bits give an error or the same bytes, and never anything worse") {
  test::Random random(3);
  for (const auto& compressed : {kGzip, kZstd, kXz, kBzip2}) {
    for (int round = 0; round < 200; ++round) {
      auto damaged = compressed;
      auto& byte = damaged[10 + random.below(damaged.size() - 10)];
      byte = static_cast<char>(byte ^ (1 << random.below(8)));
      try {
        const auto out = decompress(damaged);
        CHECK(out == kHello);
      } catch (const Error& error) {
        CHECK((error.code() == ErrorCode::corrupt || error.code() == ErrorCode::unsupported));
      }
    }
  }
}

TEST_CASE("the error names what was read") {
  try {
    decompress(kGzip.substr(0, 20));
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "cannot decompress the test's bytes: the gzip data ends too early");
  }
}

TEST_CASE("a zstd window over 128 MiB is refused") {
  // RFC 8878: descriptor 0 (no size, no checksum), window descriptor with exponent 18: 2^(10+18) = 256 MiB; an empty
  // last raw block.
  CHECK(code_of([] { decompress(from_hex("28b52ffd0090010000")); }) == ErrorCode::unsupported);
  // Exponent 17: 128 MiB.
  CHECK(decompress(from_hex("28b52ffd0088010000")).empty());
}

TEST_CASE("compressions that we do not read are named") {
  for (const auto& bytes :
       {from_hex("04224d18647040a7"), std::string("LZIP\x01"), from_hex("1f9d90"), std::string("PK\x03\x04")}) {
    CHECK(code_of([&] { decompress(bytes); }) == ErrorCode::unsupported);
  }
}

TEST_CASE("a tar whose first name looks like a signature is a tar") {
  std::string tar(1024, '\0');
  tar.replace(0, 5, "LZIP1");
  tar.replace(257, 5, "ustar");
  CHECK(decompress(tar) == tar);
}

TEST_CASE("a failing source's own error comes through") {
  struct BrokenSource : Source {
    explicit BrokenSource(std::string bytes) : first(std::move(bytes)) {}
    std::size_t read(std::span<std::byte> buffer) override {
      const auto count = first.read(buffer);
      if (count == 0) throw Error(ErrorCode::network, "the connection broke");
      return count;
    }
    StringSource first;
  };
  const auto input = test::random_bytes(400'000);
  for (const auto& compressed : {test::compress(input, test::options_of("gzip")),
                                 test::compress(input, test::options_of("zstd")), kXz, kBzip2}) {
    CHECK(code_of([&] {
            const auto source =
                make_decompressor(std::make_unique<BrokenSource>(compressed.substr(0, compressed.size() - 9)), "it");
            read_all(*source, 1U << 30, "it");
          }) == ErrorCode::network);
  }
}

TEST_CASE("larger xz and bzip2 files are read") {
  const auto input = test::text(2'000'000);
  if (test::have_program("xz")) CHECK(decompress(test::output_of("xz -1 -c", input)) == input);
  if (test::have_program("bzip2")) CHECK(decompress(test::output_of("bzip2 -1 -c", input)) == input);
}

}  // namespace
}  // namespace ociassemble
