// SPDX-License-Identifier: Apache-2.0
#include <libdeflate.h>

#include <memory>
#include <string>

#include "compress/deflate_encoder.hpp"
#include "fuzz.hpp"
#include "io/streams.hpp"

namespace {

using ociassemble::DeflateEncoder;
using ociassemble::DeflateParser;
using ociassemble::fuzz::require;

std::string encode(int level, const std::string& input, char around) {
  const std::string slack(DeflateParser::kBackSlack, around);
  const auto with_slack = slack + input + slack;
  std::string part(DeflateEncoder::bound(input.size()), '\0');
  part.resize(DeflateEncoder(level).encode(ociassemble::as_bytes(with_slack).subspan(slack.size(), input.size()),
                                           std::as_writable_bytes(std::span(part))));
  return part;
}

// What libdeflate makes of a whole stream; aborts when it refuses it.
std::string decode(const std::string& deflate, std::size_t size) {
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> decompressor(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  std::string decoded(size, '\0');
  std::size_t used = 0;
  const auto result = libdeflate_deflate_decompress_ex(decompressor.get(), deflate.data(), deflate.size(),
                                                       decoded.data(), decoded.size(), &used, nullptr);
  require(result == LIBDEFLATE_SUCCESS && used == deflate.size(), "the stream is read to its last byte");
  return decoded;
}

}  // namespace

// The first byte chooses the level and how often the rest is repeated, so that small seeds fill more than a block.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const int level = 1 + data[0] % DeflateEncoder::kMaxLevel;
  const auto piece = ociassemble::fuzz::as_text(data + 1, size - 1);
  std::string input = piece;
  for (int times = data[0] / 16; times > 0 && input.size() < 300'000; --times) input += input;

  const auto part = encode(level, input, '\0');
  require(part == encode(level, input, 'x'), "the bytes do not depend on what lies around the input");
  require(decode(part + std::string("\x03\0", 2), input.size()) == input, "what is encoded decodes to the input");
  return 0;
}
