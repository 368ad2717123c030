// SPDX-License-Identifier: Apache-2.0
#include "compress/zstd_compressor.hpp"

#include <fmt/format.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <system_error>
#include <thread>

#include "base/large_buffer.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

// Part of the layer format: the bytes depend on both.
constexpr int kOverlapLog = 6;  // each job sees the last eighth of a window of the job before it
// The lower levels' small jobs keep all cores busy with small inputs; the higher levels' windows need larger ones.
constexpr int job_size(int level) { return level <= 5 ? 2 << 20 : 8 << 20; }

// Up to this level less than a job is compressed at once, without threads: the bytes are those that one would give. At
// higher levels it takes too long to be waited for.
constexpr int kMaxLevelAtOnce = 5;

constexpr std::size_t kMaxZstdWorkers = 200;  // libzstd takes no more, on any platform

std::size_t checked(std::size_t result, std::string_view action) {
  if (ZSTD_isError(result) != 0) {
    const auto code =
        ZSTD_getErrorCode(result) == ZSTD_error_parameter_unsupported ? ErrorCode::unsupported : ErrorCode::io;
    throw Error(code, fmt::format("cannot {}: {}", action, ZSTD_getErrorName(result)));
  }
  return result;
}

class ZstdCompressor : public FinishingSink {
 public:
  ZstdCompressor(const ZstdCompressor&) = delete;
  ZstdCompressor& operator=(const ZstdCompressor&) = delete;
  ZstdCompressor(int level, std::size_t workers, Sink& to)
      : level_(level), workers_(workers), context_(ZSTD_createCCtx()), to_(to) {
    if (!context_) throw std::bad_alloc();
    set(ZSTD_c_compressionLevel, level);
    set(ZSTD_c_checksumFlag, 1);
    set(ZSTD_c_contentSizeFlag, 0);
    if (level <= kMaxLevelAtOnce) {
      first_.emplace(static_cast<std::size_t>(job_size(level)));
    } else {
      begin_with_threads();
    }
  }

  // Holds the last byte back until more comes or the end. When input ends exactly where a job does, libzstd either
  // closes the frame in that job or adds an empty block, depending on how far its threads are; with something left to
  // say at the end there is one way only.
  void write(std::span<const std::byte> bytes) override {
    if (bytes.empty()) return;
    if (first_) {
      if (first_size_ + bytes.size() < first_->size()) return keep(bytes);
      begin_with_threads();
      feed({first_->data(), first_size_});
      first_.reset();
    }
    if (held_back_) feed({&*held_back_, 1});
    feed(bytes.first(bytes.size() - 1));
    held_back_ = bytes.back();
  }

  void finish() override {
    if (first_) return finish_at_once();
    ZSTD_inBuffer in{nullptr, 0, 0};
    if (held_back_) in = {&*held_back_, 1, 0};
    while (step(in, ZSTD_e_end) != 0) {
    }
    finished_ = true;
  }

  ~ZstdCompressor() override {
    if (!finished_ && !first_) free_in_background();
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };

  // libzstd cannot break a job off, and one of a high level takes seconds: nobody who interrupts waits for it.
  void free_in_background() noexcept {
    try {
      std::thread([context = context_.get()] { ZSTD_freeCCtx(context); }).detach();
      static_cast<void>(context_.release());
    } catch (const std::system_error&) {
      return;  // no thread to be had: freed here, then
    }
  }

  void keep(std::span<const std::byte> bytes) {
    first_->expect(first_size_ + bytes.size());
    std::memcpy(first_->data() + first_size_, bytes.data(), bytes.size());
    first_size_ += bytes.size();
  }

  // The frame begins with an empty call, and so with a size that libzstd does not know: else a first call that is also
  // the last would give other bytes.
  void begin() { feed({}); }

  void begin_with_threads() {
    set(ZSTD_c_nbWorkers, static_cast<int>(std::clamp<std::size_t>(workers_, 1, kMaxZstdWorkers)));
    set(ZSTD_c_jobSize, job_size(level_));
    set(ZSTD_c_overlapLog, kOverlapLog);
    room_.emplace(ZSTD_CStreamOutSize());
    begin();
  }

  // With room for all of the output libzstd takes the input where it lies.
  void finish_at_once() {
    room_.emplace(ZSTD_compressBound(first_size_) + ZSTD_CStreamOutSize());
    begin();
    ZSTD_inBuffer in{first_->data(), first_size_, 0};
    while (step(in, ZSTD_e_end) != 0) {
    }
    finished_ = true;
  }

  void set(ZSTD_cParameter parameter, int value) {
    checked(ZSTD_CCtx_setParameter(context_.get(), parameter, value), "set up zstd with threads");
  }

  void feed(std::span<const std::byte> bytes) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    do {
      step(in, ZSTD_e_continue);
    } while (in.pos < in.size);
  }

  std::size_t step(ZSTD_inBuffer& in, ZSTD_EndDirective directive) {
    ZSTD_outBuffer out{room_->data(), room_->size(), 0};
    const auto left = checked(ZSTD_compressStream2(context_.get(), &out, &in, directive), "compress with zstd");
    if (out.pos > 0) to_.write({room_->data(), out.pos});
    return left;
  }

  const int level_;
  const std::size_t workers_;
  std::unique_ptr<ZSTD_CCtx, Free> context_;
  Sink& to_;
  std::optional<LargeBuffer> room_;
  std::optional<LargeBuffer> first_;  // what came until now, while it may be all
  std::size_t first_size_ = 0;
  std::optional<std::byte> held_back_;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<FinishingSink> make_zstd_compressor(int level, std::size_t workers, Sink& to) {
  return std::make_unique<ZstdCompressor>(level, workers, to);
}

}  // namespace ociassemble
