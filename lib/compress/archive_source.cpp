// SPDX-License-Identifier: Apache-2.0
#include <archive.h>
#include <archive_entry.h>

#include <cstdint>
#include <exception>
#include <new>
#include <vector>

#include "compress/decoders.hpp"

namespace ociassemble {
namespace {

// One of libarchive's filters, and its "raw" format over it.
class ArchiveSource : public Source {
 public:
  ArchiveSource(std::unique_ptr<Source> from, std::string subject, int filter)
      : from_(std::move(from)), subject_(std::move(subject)), in_(kDecoderInputSize), archive_(archive_read_new()) {
    if (!archive_) throw std::bad_alloc();
    archive_read_support_format_raw(archive_.get());
    // Not the "empty" format: it takes damage before the first byte for emptiness.
    // Appended, not offered: compressed data inside compressed data stays as it is.
    check(archive_read_append_filter(archive_.get(), filter));
    check(archive_read_open2(archive_.get(), this, nullptr, &on_read, nullptr, nullptr));
    archive_entry* entry = nullptr;
    if (archive_read_next_header(archive_.get(), &entry) < ARCHIVE_OK) {
      rethrow_failure();
      throw_damaged(subject_, "the compressed data is damaged, or nothing is in it");
    }
  }

  std::size_t read(std::span<std::byte> buffer) override {
    if (ended_ || buffer.empty()) return 0;
    const auto count = archive_read_data(archive_.get(), buffer.data(), buffer.size());
    if (count < 0) check(ARCHIVE_FATAL);
    if (count == 0) end();
    return static_cast<std::size_t>(count);
  }

 private:
  struct Free {
    void operator()(archive* handle) const { archive_read_free(handle); }
  };

  // A failure of ours comes back to us through libarchive, which must see no exception.
  static la_ssize_t on_read(archive*, void* self, const void** bytes) noexcept {
    auto& source = *static_cast<ArchiveSource*>(self);
    try {
      *bytes = source.in_.data();
      const auto count = source.from_->read(source.in_);
      source.given_ += count;
      return static_cast<la_ssize_t>(count);
    } catch (...) {
      source.failure_ = std::current_exception();
      return ARCHIVE_FATAL;
    }
  }

  void check(int result) const {
    if (result >= ARCHIVE_OK) return;
    rethrow_failure();
    const char* message = archive_error_string(archive_.get());
    throw_damaged(subject_, message != nullptr ? message : "the data is damaged");
  }

  void rethrow_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

  // libarchive ignores what follows the last stream.
  void end() {
    ended_ = true;
    const auto used = static_cast<std::uint64_t>(archive_filter_bytes(archive_.get(), -1));
    if (used < given_ || from_->read(in_) > 0)
      throw_damaged(subject_, "there is something else after the compressed data");
  }

  std::unique_ptr<Source> from_;
  std::string subject_;
  std::vector<std::byte> in_;
  std::uint64_t given_ = 0;
  std::exception_ptr failure_;
  bool ended_ = false;
  std::unique_ptr<archive, Free> archive_;
};

}  // namespace

std::unique_ptr<Source> make_archive_source(std::unique_ptr<Source> from, std::string subject,
                                            DetectedCompression kind) {
  const int filter = kind == DetectedCompression::xz ? ARCHIVE_FILTER_XZ : ARCHIVE_FILTER_BZIP2;
  return std::make_unique<ArchiveSource>(std::move(from), std::move(subject), filter);
}

}  // namespace ociassemble
