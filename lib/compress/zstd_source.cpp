// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <new>
#include <vector>

#include "compress/decoders.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr int kMaxWindowLog = 27;  // 128 MiB, what zstd's own tool accepts unasked

class ZstdSource : public Source {
 public:
  ZstdSource(std::unique_ptr<Source> from, std::string subject)
      : from_(std::move(from)), subject_(std::move(subject)), context_(ZSTD_createDCtx()), buffer_(kDecoderInputSize) {
    if (!context_ || ZSTD_isError(ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kMaxWindowLog)) != 0) {
      throw std::bad_alloc();
    }
  }

  std::size_t read(std::span<std::byte> buffer) override {
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    while (out.pos == 0 && out.size > 0 && step(out)) {
    }
    return out.pos;
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  // False at the end.
  bool step(ZSTD_outBuffer& out) {
    if (in_.pos == in_.size && !input_ended_) {
      in_ = {buffer_.data(), from_->read(buffer_), 0};
      input_ended_ = in_.size == 0;
    }
    if (input_ended_ && at_frame_end_) return false;
    const auto result = ZSTD_decompressStream(context_.get(), &out, &in_);
    if (ZSTD_isError(result) != 0) refuse(result);
    at_frame_end_ = result == 0;
    // What the decoder still held came out with the call above, if there was anything.
    if (input_ended_ && !at_frame_end_ && out.pos == 0) throw_damaged(subject_, "the zstd data ends too early");
    return true;
  }

  [[noreturn]] void refuse(std::size_t result) const {
    if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) throw std::bad_alloc();
    if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge) {
      throw Error(
          ErrorCode::unsupported,
          fmt::format("cannot decompress {}: its zstd window is over {} MiB", subject_, 1 << (kMaxWindowLog - 20)),
          "compress it again without --ultra and --long");
    }
    throw_damaged(subject_, ZSTD_getErrorName(result));
  }

  std::unique_ptr<Source> from_;
  std::string subject_;
  std::unique_ptr<ZSTD_DCtx, Free> context_;
  std::vector<std::byte> buffer_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool input_ended_ = false;
  bool at_frame_end_ = false;
};

}  // namespace

std::unique_ptr<Source> make_zstd_source(std::unique_ptr<Source> from, std::string subject) {
  return std::make_unique<ZstdSource>(std::move(from), std::move(subject));
}

}  // namespace ociassemble
