// SPDX-License-Identifier: Apache-2.0
#include "codec_support.hpp"

namespace ociassemble {
namespace {

using test::code_of;

TEST_CASE("compression options are parsed from a kind and a level") {
  CHECK(CompressionOptions::parse("gzip") == CompressionOptions{Compression::gzip, 0, 0});
  CHECK(CompressionOptions::parse("gzip:12") == CompressionOptions{Compression::gzip, 12, 0});
  CHECK(CompressionOptions::parse("zstd:19") == CompressionOptions{Compression::zstd, 19, 0});
  CHECK(CompressionOptions::parse("none") == CompressionOptions{Compression::none, 0, 0});
}

TEST_CASE("compression options are printed with the level spelled out") {
  CHECK(CompressionOptions{}.to_string() == "gzip:4");
  CHECK(CompressionOptions{Compression::zstd, 0, 8}.to_string() == "zstd:3");
  CHECK(CompressionOptions{Compression::zstd, 11, 0}.to_string() == "zstd:11");
  CHECK(CompressionOptions{Compression::none, 0, 0}.to_string() == "none");
}

TEST_CASE("anything else is not a compression") {
  for (const std::string text : {"", "GZIP", "bzip2", "gzip:", "gzip:0", "gzip:13", "gzip:-1", "gzip:+1", "gzip:06",
                                 "gzip:6 ", "gzip:6x", "gzip:99999999999", "zstd:20", "none:1", "gzip:6:7", " gzip"}) {
    CAPTURE(text);
    CHECK(code_of([&] { CompressionOptions::parse(text); }) == ErrorCode::invalid_argument);
  }
}

TEST_CASE("a compressor of a level that does not exist is not made") {
  NullSink out;
  CHECK(code_of([&] { make_compressor({Compression::gzip, 13, 1}, out); }) == ErrorCode::invalid_argument);
  CHECK(code_of([&] { make_compressor({Compression::zstd, -5, 1}, out); }) == ErrorCode::invalid_argument);
}

TEST_CASE("no compression passes bytes through") {
  CHECK(test::compress("as it is", {Compression::none, 0, 0}) == "as it is");
}

TEST_CASE("the codecs' versions are known") {
  const auto versions = codec_versions();
  REQUIRE(versions.size() == 4);
  CHECK(versions[0].name == "ociassemble-deflate");
  CHECK(versions[1].name == "libdeflate");
  CHECK(versions[2].name == "zlib");
  CHECK(versions[3].name == "zstd");
  for (const auto& codec : versions) CHECK(codec.version.find('.') != std::string::npos);
}

}  // namespace
}  // namespace ociassemble
