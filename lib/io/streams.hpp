// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "ociassemble/io.hpp"

namespace ociassemble {

inline constexpr std::size_t kCopyBufferSize = std::size_t{256} * 1024;

// Moves everything; returns the number of bytes. Throws Error{interrupted} between buffers when a stop is requested.
std::uint64_t copy(Source& from, Sink& to, const std::stop_token& stop = {});

// Reads to the end (verifying sources verify). Throws Error{corrupt} naming `subject` when there is more than `limit`.
std::string read_all(Source& from, std::size_t limit, std::string_view subject);

// Reads until `buffer` is full or the source ends; returns how many bytes.
std::size_t read_full(Source& from, std::span<std::byte> buffer);

// Reads a file, a pipe or a device through a descriptor that it owns. `subject` names it in errors.
class FileSource : public Source {
 public:
  // Throws Error{not_found} or Error{io}.
  explicit FileSource(const std::filesystem::path& path);
  FileSource(UniqueFd fd, std::string subject);
  std::size_t read(std::span<std::byte> buffer) override;
  int fd() const noexcept { return fd_.get(); }

 private:
  UniqueFd fd_;
  std::string subject_;
  bool may_block_;  // a pipe or a terminal: its reads look at the stop (see Waiting)
};

// Reads `size` bytes of a file from `offset` on with pread, sharing the descriptor with others. Throws Error{corrupt}
// when the file is shorter.
class FileSliceSource : public Source {
 public:
  FileSliceSource(std::shared_ptr<const UniqueFd> fd, std::uint64_t offset, std::uint64_t size, std::string subject);
  std::size_t read(std::span<std::byte> buffer) override;

 private:
  std::shared_ptr<const UniqueFd> fd_;
  std::uint64_t offset_;
  std::uint64_t left_;
  std::string subject_;
};

// Reads bytes that it owns.
class StringSource : public Source {
 public:
  explicit StringSource(std::string bytes) : bytes_(std::move(bytes)) {}
  std::size_t read(std::span<std::byte> buffer) override;

 private:
  std::string bytes_;
  std::size_t position_ = 0;
};

// Appends to a string that it owns.
class StringSink : public Sink {
 public:
  void write(std::span<const std::byte> bytes) override { bytes_ += as_text(bytes); }
  const std::string& bytes() const noexcept { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class NullSink : public Sink {
 public:
  void write(std::span<const std::byte>) override {}
};

// Gathers small writes, and hands them on in large ones; borrows the sink. What was gathered last comes with flush().
class GatheringSink : public Sink {
 public:
  explicit GatheringSink(Sink& to) : to_(to) {}
  void write(std::span<const std::byte> bytes) override {
    bytes_ += as_text(bytes);
    if (bytes_.size() >= kCopyBufferSize) flush();
  }
  void flush() {
    to_.write(as_bytes(bytes_));
    bytes_.clear();
  }

 private:
  Sink& to_;
  std::string bytes_;
};

// Hands every write to each of its sinks in order; borrows them.
class TeeSink : public Sink {
 public:
  explicit TeeSink(std::vector<Sink*> sinks) : sinks_(std::move(sinks)) {}
  void write(std::span<const std::byte> bytes) override {
    for (Sink* sink : sinks_) sink->write(bytes);
  }

 private:
  std::vector<Sink*> sinks_;
};

// Hands on what it reads to a sink, too; borrows both.
class TeeSource : public Source {
 public:
  TeeSource(Source& from, Sink& to) : from_(from), to_(to) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const auto count = from_.read(buffer);
    to_.write(buffer.first(count));
    return count;
  }

 private:
  Source& from_;
  Sink& to_;
};

// Ends a long read: read() throws Error{interrupted} once a stop is requested. Borrows both.
class StoppableSource : public Source {
 public:
  StoppableSource(Source& from, const std::stop_token& stop) : from_(from), stop_(stop) {}
  std::size_t read(std::span<std::byte> buffer) override;

 private:
  Source& from_;
  const std::stop_token& stop_;
};

// Shows the first bytes of a source before they are read; read() gives all of them.
class PeekedSource : public Source {
 public:
  // Reads up to `size` bytes ahead at once.
  explicit PeekedSource(std::unique_ptr<Source> from, std::size_t size = 512);
  std::span<const std::byte> head() const noexcept { return head_; }
  std::size_t read(std::span<std::byte> buffer) override;

 private:
  std::unique_ptr<Source> from_;
  std::vector<std::byte> head_;
  std::size_t position_ = 0;
};

// Opens a file that the user named for reading (O_CLOEXEC); never blocks. It may be a pipe ("<(…)") or a device. Throws
// Error{not_found} or Error{io} with "cannot open PATH: CAUSE".
UniqueFd open_for_reading(const std::filesystem::path& path);
// The same for a file that is found by its name in a folder, where others may have put anything: it has to be regular.
UniqueFd open_regular_file(const std::filesystem::path& path);

// The whole of a small file that the user named. Throws as FileSource, Error{corrupt} past `limit`, and Error{io} for a
// regular file that ends before its size.
std::string read_file(const std::filesystem::path& path, std::size_t limit);
// The same for a file found by its name, or nothing when there is none; Error{io} when it is not regular.
std::optional<std::string> read_file_if_exists(const std::filesystem::path& path, std::size_t limit);

}  // namespace ociassemble
