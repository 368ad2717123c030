// SPDX-License-Identifier: Apache-2.0
#include "inputs/input_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>

#include "base/file_writers.hpp"
#include "base/system_error.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

// A call of write(2) on a file of a local disk is over by then, in nanoseconds.
constexpr std::int64_t kLongestWrite = 10'000'000'000;

// O_NONBLOCK: a fifo that took the file's place must not hold us up.
UniqueFd open_input(const std::filesystem::path& file) {
  UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) throw_errno(fmt::format("cannot open {}", file.string()));
  return fd;
}

}  // namespace

void throw_changed(const std::filesystem::path& file) {
  throw Error(ErrorCode::io, fmt::format("cannot read {}: it changed while it was read", file.string()),
              "build again when nothing writes to it any more");
}

InputFile::InputFile(std::filesystem::path file, const std::optional<FileIdentity>& expected, Trust trust)
    : file_(std::move(file)),
      source_(open_input(file_), file_.string()),
      identity_(FileIdentity::of(source_.fd(), file_.string())) {
  if (expected && !identity_.same_as(*expected)) throw_changed(file_);
  come_to_rest();
  look_for_writers();
  if (trust == Trust::bytes || !identity_.tells_changes()) hash_.emplace();
}

// A change within one tick of the clock would leave the times as they are.
void InputFile::come_to_rest() {
  if (!identity_.tells_changes() || identity_.at_rest()) return;
  std::this_thread::sleep_for(std::chrono::nanoseconds(identity_.ctime - identity_.seen + kClockGrain + 1));
  const auto rested = FileIdentity::of(source_.fd(), file_.string());
  if (!rested.same_as(identity_)) throw_changed(file_);
  identity_ = rested;
  if (!identity_.at_rest()) hash_.emplace();
}

void InputFile::look_for_writers() {
  switch (writers_of(source_.fd())) {
    case Writers::none:
      return;
    case Writers::some:
      may_be_written_ = true;
      break;
    case Writers::unknown:
      may_be_written_ = identity_.seen - identity_.ctime < kLongestWrite;
      break;
  }
  if (may_be_written_ && !hash_) hash_.emplace();
}

std::size_t InputFile::read(std::span<std::byte> buffer) {
  const auto count = source_.read(buffer);
  if (hash_) hash_->update(buffer.first(count));
  if (count == 0 && !buffer.empty()) {
    require_unchanged();
    if (hash_) require_same_bytes();
  }
  return count;
}

void InputFile::require_unchanged() const {
  if (!FileIdentity::of(source_.fd(), file_.string()).same_as(identity_)) throw_changed(file_);
}

BoundedFile InputFile::in_pieces() const {
  UniqueFd copy(::fcntl(source_.fd(), F_DUPFD_CLOEXEC, 0));
  if (!copy) throw_errno(fmt::format("cannot read {}", file_.string()));
  return BoundedFile(std::move(copy), file_.string());
}

// Opened once more: file systems in user space drop what they keep of a file then.
void InputFile::require_same_bytes() {
  const auto first = std::exchange(hash_, std::nullopt)->finish();
  FileSource again(open_input(file_), file_.string());
  HashSink second;
  if (!FileIdentity::of(again.fd(), file_.string()).same_as(identity_)) throw_changed(file_);
  copy(again, second);
  if (second.finish() != first) throw_changed(file_);
  require_unchanged();
}

std::string read_input_file(const std::filesystem::path& file, std::size_t limit) {
  InputFile source(file);
  return read_all(source, limit, file.string());
}

}  // namespace ociassemble
