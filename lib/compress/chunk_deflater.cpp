// SPDX-License-Identifier: Apache-2.0
#include "compress/chunk_deflater.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

// An empty stored block (three zero bits, zeros up to the byte boundary, LEN 0, NLEN 0xFFFF). Its first byte is needed
// only where the last block leaves less than three bits of its own last byte.
constexpr std::array<std::byte, 5> kEmptyStoredBlock = {std::byte{0x00}, std::byte{0x00}, std::byte{0x00},
                                                        std::byte{0xFF}, std::byte{0xFF}};
// An empty final block with fixed codes: ends the stream in the proof, where the next chunk will stand.
constexpr std::array<std::byte, 2> kEmptyFinalBlock = {std::byte{0x03}, std::byte{0x00}};
constexpr std::size_t kRoomForMarks = kEmptyStoredBlock.size() + kEmptyFinalBlock.size();

[[noreturn]] void refuse_output() {
  throw Error(ErrorCode::corrupt, "cannot compress a chunk: what came out does not decode to the input",
              "this is a fault of the compressor or of the machine's memory; nothing was published");
}

}  // namespace

DeflateChunk::DeflateChunk()
    : input_(kInputOffset + kGzipChunkSize + DeflateParser::kBackSlack),
      output_(std::max(libdeflate_deflate_compress_bound(nullptr, kGzipChunkSize) + kRoomForMarks,
                       DeflateEncoder::bound(kGzipChunkSize) + kEmptyFinalBlock.size())) {}

std::size_t DeflateChunk::fill(std::span<const std::byte> bytes) {
  const auto count = std::min(bytes.size(), kGzipChunkSize - input_size);
  input_.expect(kInputOffset + input_size + count);
  if (count > 0) std::memcpy(input_.data() + kInputOffset + input_size, bytes.data(), count);
  input_size += count;
  return count;
}

void ChunkDeflater::Free::operator()(libdeflate_compressor* compressor) const {
  libdeflate_free_compressor(compressor);
}
void ChunkDeflater::Free::operator()(libdeflate_decompressor* decompressor) const {
  libdeflate_free_decompressor(decompressor);
}

ChunkDeflater::ChunkDeflater(int level)
    : encoder_(level <= DeflateEncoder::kMaxLevel ? std::make_unique<DeflateEncoder>(level) : nullptr),
      compressor_(encoder_ ? nullptr : libdeflate_alloc_compressor(level)),
      decompressor_(libdeflate_alloc_decompressor()) {
  if ((!encoder_ && !compressor_) || !decompressor_) throw std::bad_alloc();
}

void ChunkDeflater::deflate(DeflateChunk& chunk) {
  const auto input = chunk.input();
  const auto room = chunk.room();
  chunk.expect_output();
  decoded_.expect(input.size());
  chunk.crc = libdeflate_crc32(0, input.data(), input.size());
  if (encoder_) {
    chunk.output_size = encoder_->encode(input, room);
    if (!decodes_to_input(chunk, chunk.output_size)) refuse_output();
    return;
  }
  chunk.output_size = libdeflate_deflate_compress(compressor_.get(), input.data(), input.size(), room.data(),
                                                  room.size() - kRoomForMarks);
  make_part(chunk);
}

void ChunkDeflater::make_part(DeflateChunk& chunk) {
  // The guess is nearly always right, and the proof tells; so the slow walk is for the rest.
  const auto guess = guess_final_block(chunk.output());
  if (guess && try_part(chunk, *guess)) return;
  const auto found = walk_final_block(chunk.output(), {decoded_.data(), chunk.input_size});
  if (!found || found == guess || !try_part(chunk, *found)) refuse_output();
}

// Makes the final block an ordinary one and ends the part, if what comes out is proven right; else changes nothing.
bool ChunkDeflater::try_part(DeflateChunk& chunk, const FinalBlock& final_block) {
  const auto room = chunk.room();
  auto& byte = room[final_block.begin_bit / 8];
  const auto before = byte;
  byte &= ~(std::byte{1} << (final_block.begin_bit % 8));

  const std::size_t free_bits = (8 - final_block.end_bit % 8) % 8;
  const auto mark = std::span(kEmptyStoredBlock).subspan(free_bits >= 3 ? 1 : 0);
  std::ranges::copy(mark, room.begin() + static_cast<std::ptrdiff_t>(chunk.output_size));
  const std::size_t part_size = chunk.output_size + mark.size();
  if (!decodes_to_input(chunk, part_size)) {
    byte = before;
    return false;
  }
  chunk.output_size = part_size;
  return true;
}

bool ChunkDeflater::decodes_to_input(const DeflateChunk& chunk, std::size_t part_size) {
  const auto room = chunk.room();
  std::ranges::copy(kEmptyFinalBlock, room.begin() + static_cast<std::ptrdiff_t>(part_size));
  const std::size_t stream_size = part_size + kEmptyFinalBlock.size();
  const auto input = chunk.input();
  std::size_t used = 0;
  const auto result = libdeflate_deflate_decompress_ex(decompressor_.get(), room.data(), stream_size, decoded_.data(),
                                                       input.size(), &used, nullptr);
  // Had a block before ours still been final, decoding would have stopped there, with fewer bytes used.
  return result == LIBDEFLATE_SUCCESS && used == stream_size &&
         (input.empty() || std::memcmp(decoded_.data(), input.data(), input.size()) == 0);
}

}  // namespace ociassemble
