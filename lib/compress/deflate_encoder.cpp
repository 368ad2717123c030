// SPDX-License-Identifier: Apache-2.0
#include "compress/deflate_encoder.hpp"

#include <stdexcept>

namespace ociassemble {
namespace {

// docs/performance.md has the table that these were chosen from.
std::unique_ptr<DeflateParser> make_parser(int level) {
  switch (level) {
    case 1:
      return make_fast_parser();
    case 2:
      return make_lazy_parser({.good_length = 0, .dense_inserts = 4, .sparse_step = 3});
    case 3:
      return make_lazy_parser({.good_length = 6, .dense_inserts = 8, .sparse_step = 3});
    default:
      return make_lazy_parser({.good_length = 12, .dense_inserts = 16, .sparse_step = 3});
  }
}

// What a block takes at most more than its input, and what the bit writer stores beyond its end.
constexpr std::size_t kMostPerBlock = 16;
constexpr std::size_t kWriterSlack = 8;

}  // namespace

DeflateEncoder::DeflateEncoder(int level) : parser_(make_parser(level)) {}

std::size_t DeflateEncoder::bound(std::size_t input_size) {
  const std::size_t blocks = input_size / 65536 + 2;  // with the empty one
  return input_size + blocks * kMostPerBlock + kWriterSlack;
}

std::size_t DeflateEncoder::encode(std::span<const std::byte> input, std::span<std::byte> room) {
  if (room.size() < bound(input.size())) throw std::length_error("too little room for a part of a deflate stream");
  auto* const begin = reinterpret_cast<std::uint8_t*>(room.data());
  BitWriter writer(begin);
  parser_->begin(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  while (parser_->next(block_)) write_block(block_, writer);
  write_empty_stored_block(writer);
  return static_cast<std::size_t>(writer.position() - begin);
}

}  // namespace ociassemble
