// SPDX-License-Identifier: Apache-2.0
#include <archive.h>

#include <cstdint>
#include <exception>
#include <new>
#include <vector>

#include "base/shared_library.hpp"
#include "compress/decoders.hpp"

namespace ociassemble {
namespace {

#ifdef OCIASSEMBLE_LOADS_ARCHIVE
[[gnu::used, gnu::section(".note.dlopen")]] alignas(4) constexpr auto kArchiveNote = dlopen_note(
    R"([{"soname":["libarchive.so.13"],"feature":"xz","description":"xz and bzip2","priority":"recommended"}])");
#endif

// USE(name) for each archive_NAME() that is called. libarchive is loaded with the first of them, unless the build links
// it (-Dload_on_first_use=false).
#define OCIASSEMBLE_FOR_EACH_ARCHIVE_FUNCTION(USE) \
  USE(error_string)                                \
  USE(filter_bytes)                                \
  USE(read_append_filter)                          \
  USE(read_data)                                   \
  USE(read_free)                                   \
  USE(read_new)                                    \
  USE(read_next_header)                            \
  USE(read_open2)                                  \
  USE(read_support_format_raw)

struct ArchiveFunctions {
#define OCIASSEMBLE_DECLARE(name) decltype(&archive_##name) name = nullptr;  // NOLINT: no parentheses there
  OCIASSEMBLE_FOR_EACH_ARCHIVE_FUNCTION(OCIASSEMBLE_DECLARE)
#undef OCIASSEMBLE_DECLARE
};

ArchiveFunctions find_archive_functions() {
  ArchiveFunctions functions;
#ifdef OCIASSEMBLE_LOADS_ARCHIVE
  const SharedLibrary library("libarchive.so.13", "install libarchive; Debian has it in the package libarchive13");
#define OCIASSEMBLE_FIND(name) library.find("archive_" #name, functions.name);
#else
#define OCIASSEMBLE_FIND(name) functions.name = &archive_##name;
#endif
  OCIASSEMBLE_FOR_EACH_ARCHIVE_FUNCTION(OCIASSEMBLE_FIND)
#undef OCIASSEMBLE_FIND
  return functions;
}

const ArchiveFunctions& libarchive() {
  static const ArchiveFunctions functions = find_archive_functions();
  return functions;
}

// One of libarchive's filters, and its "raw" format over it.
class ArchiveSource : public Source {
 public:
  ArchiveSource(std::unique_ptr<Source> from, std::string subject, int filter)
      : from_(std::move(from)),
        subject_(std::move(subject)),
        in_(kDecoderInputSize),
        archive_(libarchive().read_new()) {
    if (!archive_) throw std::bad_alloc();
    libarchive().read_support_format_raw(archive_.get());
    // Not the "empty" format: it takes damage before the first byte for emptiness.
    // Appended, not offered: compressed data inside compressed data stays as it is.
    check(libarchive().read_append_filter(archive_.get(), filter));
    check(libarchive().read_open2(archive_.get(), this, nullptr, &on_read, nullptr, nullptr));
    archive_entry* entry = nullptr;
    if (libarchive().read_next_header(archive_.get(), &entry) < ARCHIVE_OK) {
      rethrow_failure();
      throw_damaged(subject_, "the compressed data is damaged, or nothing is in it");
    }
  }

  std::size_t read(std::span<std::byte> buffer) override {
    if (ended_ || buffer.empty()) return 0;
    const auto count = libarchive().read_data(archive_.get(), buffer.data(), buffer.size());
    if (count < 0) check(ARCHIVE_FATAL);
    if (count == 0) end();
    return static_cast<std::size_t>(count);
  }

 private:
  struct Free {
    void operator()(archive* handle) const { libarchive().read_free(handle); }
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
    const char* message = libarchive().error_string(archive_.get());
    throw_damaged(subject_, message != nullptr ? message : "the data is damaged");
  }

  void rethrow_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

  // libarchive ignores what follows the last stream.
  void end() {
    ended_ = true;
    const auto used = static_cast<std::uint64_t>(libarchive().filter_bytes(archive_.get(), -1));
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
