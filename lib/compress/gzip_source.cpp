// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <vector>

#include "compress/decoders.hpp"

namespace ociassemble {
namespace {

class GzipSource : public Source {
 public:
  GzipSource(std::unique_ptr<Source> from, std::string subject, DecompressionNotes* notes)
      : from_(std::move(from)), subject_(std::move(subject)), notes_(notes), in_(kDecoderInputSize) {
    if (inflateInit2(&stream_, MAX_WBITS + 16) != Z_OK) throw std::bad_alloc();
  }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;
  ~GzipSource() override { inflateEnd(&stream_); }

  std::size_t read(std::span<std::byte> buffer) override {
    const auto room = static_cast<uInt>(std::min<std::size_t>(buffer.size(), std::numeric_limits<uInt>::max()));
    stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream_.avail_out = room;
    while (!ended_ && stream_.avail_out == room && room > 0) step();
    return room - stream_.avail_out;
  }

 private:
  // True unless the input has ended.
  bool have_input() {
    if (stream_.avail_in > 0) return true;
    const auto count = from_->read(in_);
    stream_.next_in = reinterpret_cast<Bytef*>(in_.data());
    stream_.avail_in = static_cast<uInt>(count);
    return count > 0;
  }

  void step() {
    if (between_members_) {
      next_member();
      return;
    }
    if (!have_input()) throw_damaged(subject_, "the gzip data ends too early");
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      between_members_ = true;
    } else if (result == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (result != Z_OK) {
      throw_damaged(subject_, stream_.msg != nullptr ? stream_.msg : "the gzip data is damaged");
    }
  }

  // After a member: another one, zeros that fill up a block of a tape, or the end.
  void next_member() {
    if (!have_input()) {
      ended_ = true;
    } else if (*stream_.next_in == 0) {
      skip_padding();
    } else {
      if (*stream_.next_in != 0x1F) throw_damaged(subject_, "there is something else after the gzip data");
      inflateReset(&stream_);
      between_members_ = false;
    }
  }

  void skip_padding() {
    if (notes_ != nullptr) notes_->has_padding = true;
    while (have_input()) {
      const auto all_zero =
          std::all_of(stream_.next_in, stream_.next_in + stream_.avail_in, [](Bytef byte) { return byte == 0; });
      if (!all_zero) throw_damaged(subject_, "there is something else after the gzip data");
      stream_.avail_in = 0;
    }
    ended_ = true;
  }

  std::unique_ptr<Source> from_;
  std::string subject_;
  DecompressionNotes* notes_;
  std::vector<std::byte> in_;
  z_stream stream_{};
  bool between_members_ = false;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Source> make_gzip_source(std::unique_ptr<Source> from, std::string subject, DecompressionNotes* notes) {
  return std::make_unique<GzipSource>(std::move(from), std::move(subject), notes);
}

}  // namespace ociassemble
