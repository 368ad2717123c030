// SPDX-License-Identifier: Apache-2.0
#include "compress/gzip_compressor.hpp"

#include <zlib.h>

#include <array>
#include <cstdint>
#include <optional>

#include "compress/chunk_deflater.hpp"
#include "compress/chunk_pipeline.hpp"

namespace ociassemble {
namespace {

constexpr std::byte operator""_b(unsigned long long value) { return static_cast<std::byte>(value); }

// RFC 1952, section 2.3: magic, deflate, no flags, mtime 0, XFL 0, OS 255 (unknown).
constexpr std::array<std::byte, 10> kHeader = {0x1F_b, 0x8B_b, 8_b, 0_b, 0_b, 0_b, 0_b, 0_b, 0_b, 255_b};
// An empty final block with fixed codes.
constexpr std::array<std::byte, 2> kEnd = {0x03_b, 0x00_b};

class GzipCompressor : public FinishingSink {
 public:
  GzipCompressor(int level, std::size_t workers, Sink& to) : level_(level), workers_(workers), to_(to) {}

  void write(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      if (chunk_->is_full()) hand_over();
      bytes = bytes.subspan(chunk_->fill(bytes));
    }
  }

  void finish() override {
    if (pipeline_) {
      pipeline_->finish(std::move(chunk_));
    } else {
      finish_small();
    }
    to_.write(kEnd);
    write_trailer();
  }

 private:
  // More bytes are coming: worth having threads.
  void hand_over() {
    if (!pipeline_) pipeline_.emplace(workers_, level_, [this](const DeflateChunk& chunk) { publish(chunk); });
    pipeline_->exchange(chunk_);
  }

  // Everything fits into one chunk.
  void finish_small() {
    if (chunk_->input_size == 0) {
      to_.write(kHeader);
    } else {
      ChunkDeflater(level_).deflate(*chunk_);
      publish(*chunk_);
    }
  }

  // By one thread at a time, in order.
  void publish(const DeflateChunk& chunk) {
    if (size_ == 0) to_.write(kHeader);
    to_.write(chunk.output());
    crc_ = static_cast<std::uint32_t>(::crc32_combine(crc_, chunk.crc, static_cast<z_off_t>(chunk.input_size)));
    size_ += chunk.input_size;
  }

  // CRC-32 and the size modulo 2^32, least significant byte first.
  void write_trailer() {
    std::array<std::byte, 8> trailer{};
    for (std::size_t index = 0; index < 4; ++index) {
      trailer[index] = static_cast<std::byte>(crc_ >> (8 * index));
      trailer[index + 4] = static_cast<std::byte>(size_ >> (8 * index));
    }
    to_.write(trailer);
  }

  const int level_;
  const std::size_t workers_;
  Sink& to_;
  std::unique_ptr<DeflateChunk> chunk_ = std::make_unique<DeflateChunk>();
  std::uint32_t crc_ = 0;
  std::uint64_t size_ = 0;
  std::optional<ChunkPipeline> pipeline_;  // last: its threads use the members above
};

}  // namespace

std::unique_ptr<FinishingSink> make_gzip_compressor(int level, std::size_t workers, Sink& to) {
  return std::make_unique<GzipCompressor>(level, workers, to);
}

}  // namespace ociassemble
