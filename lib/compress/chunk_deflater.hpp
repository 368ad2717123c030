// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/large_buffer.hpp"
#include "compress/deflate_encoder.hpp"
#include "compress/final_block.hpp"

struct libdeflate_compressor;
struct libdeflate_decompressor;

namespace ociassemble {

// Part of the layer format: the bytes depend on it.
inline constexpr std::size_t kGzipChunkSize = std::size_t{1} << 20;

// A chunk of input and what became of it; made once and used again and again.
class DeflateChunk {
 public:
  DeflateChunk();

  // With readable bytes before and after it, as DeflateParser wants.
  std::span<const std::byte> input() const { return {input_.data() + kInputOffset, input_size}; }
  std::span<const std::byte> output() const { return {output_.data(), output_size}; }
  bool is_full() const { return input_size == kGzipChunkSize; }
  // Takes as many bytes as fit; returns how many.
  std::size_t fill(std::span<const std::byte> bytes);
  // The whole buffer for output: room for any compressed chunk and the marks that are added to it.
  std::span<std::byte> room() const { return {output_.data(), output_.size()}; }
  // It will soon be compressed.
  void expect_output() { output_.expect(input_size / 4); }

  std::size_t input_size = 0;
  std::size_t output_size = 0;
  std::uint32_t crc = 0;  // CRC-32 of the input

 private:
  static constexpr std::size_t kInputOffset = 64;  // on a cache line of its own

  LargeBuffer input_;
  LargeBuffer output_;
};

// Turns chunks into parts of a deflate stream that can be joined on byte boundaries: blocks of which none is final,
// ended by an empty stored block. One thread; reused for any number of chunks.
class ChunkDeflater {
 public:
  // Level 1 to 12.
  explicit ChunkDeflater(int level);

  // Sets the chunk's output and CRC. Levels up to DeflateEncoder::kMaxLevel are ours, those above libdeflate's. Throws
  // Error{corrupt}, and nothing may be published, when the output does not decode to the input.
  void deflate(DeflateChunk& chunk);

  // The second half of deflate() where libdeflate compresses: `chunk` holds its input and a complete raw deflate stream
  // of it as output, which becomes a part.
  void make_part(DeflateChunk& chunk);

 private:
  bool try_part(DeflateChunk& chunk, const FinalBlock& final_block);
  bool decodes_to_input(const DeflateChunk& chunk, std::size_t part_size);

  struct Free {
    void operator()(libdeflate_compressor* compressor) const;
    void operator()(libdeflate_decompressor* decompressor) const;
  };
  std::unique_ptr<DeflateEncoder> encoder_;                  // or
  std::unique_ptr<libdeflate_compressor, Free> compressor_;  // one of the two
  std::unique_ptr<libdeflate_decompressor, Free> decompressor_;
  LargeBuffer decoded_{kGzipChunkSize};
};

}  // namespace ociassemble
