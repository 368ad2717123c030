// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>
#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compress/codec.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "random.hpp"
#include "test_folder.hpp"

namespace ociassemble::test {

inline constexpr std::size_t kMiB = std::size_t{1} << 20;

inline std::string random_bytes(std::size_t size, std::uint64_t seed = 1) {
  Random random(seed);
  std::string bytes;
  bytes.reserve(size);
  while (bytes.size() < size) bytes += static_cast<char>(random.next() >> 40);
  return bytes;
}

// Compresses about as well as a program: numbered words with some noise.
inline std::string text(std::size_t size, std::uint64_t seed = 1) {
  static constexpr const char* kWords[] = {"runtime.",     "main.",   "net/http", "func",
                                           "\x48\x8b\x44", "vendor/", "type:.eq", "go:buildid"};
  Random random(seed);
  std::string bytes;
  bytes.reserve(size + 32);
  while (bytes.size() < size) {
    bytes += kWords[random.below(8)];
    bytes += std::to_string(random.below(5000));
    if (random.below(4) == 0) bytes += static_cast<char>(random.next() >> 40);
  }
  bytes.resize(size);
  return bytes;
}

inline CompressionOptions options_of(std::string_view spec, std::size_t workers = 2) {
  auto options = CompressionOptions::parse(spec);
  options.workers = workers;
  return options;
}

inline std::string compress(std::string_view input, const CompressionOptions& options) {
  StringSink out;
  const auto compressor = make_compressor(options, out);
  compressor->write(as_bytes(input));
  compressor->finish();
  return out.take();
}

// The same in writes of random sizes, none among them.
inline std::string compress_in_pieces(std::string_view input, const CompressionOptions& options, std::uint64_t seed,
                                      std::size_t largest) {
  Random random(seed);
  StringSink out;
  const auto compressor = make_compressor(options, out);
  while (!input.empty()) {
    const auto count = std::min(input.size(), random.below(largest + 1));
    compressor->write(as_bytes(input.substr(0, count)));
    input.remove_prefix(count);
  }
  compressor->finish();
  return out.take();
}

inline std::string decompress(std::string compressed) {
  const auto source = make_decompressor(std::make_unique<StringSource>(std::move(compressed)), "the test's bytes");
  return read_all(*source, 1U << 30, "the test's bytes");
}

// The code of the Error that `action` throws; fails the test when it throws none.
template <typename Action>
ErrorCode code_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("nothing was thrown");
  return ErrorCode::invalid_argument;
}

inline std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (; hex.size() >= 2; hex.remove_prefix(2)) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(0, 2)), nullptr, 16));
  }
  return bytes;
}

// What zlib reads from a part of a deflate stream with an empty final block after it; fails the test when it is not
// read to its last byte.
inline std::string inflate_part(std::string_view part) {
  std::string in = std::string(part) + from_hex("0300");
  std::string out;
  std::string piece(64 * 1024, '\0');
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, -MAX_WBITS) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  int status = Z_OK;
  while (status == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    status = inflate(&stream, Z_NO_FLUSH);
    out.append(piece, 0, piece.size() - stream.avail_out);
  }
  CHECK(status == Z_STREAM_END);
  CHECK(stream.avail_in == 0);
  inflateEnd(&stream);
  return out;
}

inline bool have_program(const std::string& name) {
  const bool have = std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0;
  if (!have) MESSAGE("skipped: there is no " << name << " here");
  return have;
}

// What `command <FILE` prints, FILE holding `input`; fails the test when the command fails.
inline std::string output_of(const std::string& command, std::string_view input) {
  const TestFolder folder;
  const auto in = folder.write("in", input);
  const auto out = folder / "out";
  REQUIRE(std::system((command + " <'" + in.string() + "' >'" + out.string() + "'").c_str()) == 0);
  return read_bytes(out);
}

}  // namespace ociassemble::test
