// SPDX-License-Identifier: Apache-2.0
#include "io/streams.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/stop.hpp"
#include "base/system_error.hpp"
#include "base/waiting.hpp"
#include "io/input_access.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kSmallBufferSize = std::size_t{16} * 1024;

std::string read_into(std::string bytes, Source& from, std::size_t limit, std::string_view subject) {
  // Most are small: the cost is in a large buffer's pages. One byte more than allowed is seen.
  std::vector<std::byte> buffer(std::min(kSmallBufferSize - 1, limit) + 1);
  while (const auto count = from.read(buffer)) {
    if (count > limit - bytes.size()) {
      throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: more than {} bytes", subject, limit));
    }
    bytes += as_text(std::span(buffer).first(count));
  }
  return bytes;
}

// N of /dev/fd/N, /proc/self/fd/N and /dev/stdin.
std::optional<int> inherited_descriptor(const std::filesystem::path& path) {
  const auto& name = path.native();
  if (name == "/dev/stdin") return STDIN_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!name.starts_with(folder)) continue;
    int number = -1;
    const char* const end = name.data() + name.size();
    const auto [rest, error] = std::from_chars(name.data() + folder.size(), end, number);
    if (error == std::errc{} && rest == end && number >= 0) return number;
  }
  return {};
}

bool is_always_readable(int fd) {
  struct stat status = {};
  return ::fstat(fd, &status) != 0 || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
}

}  // namespace

std::uint64_t copy(Source& from, Sink& to, const std::stop_token& stop) {
  std::vector<std::byte> buffer(kCopyBufferSize);
  std::uint64_t total = 0;
  for (;;) {
    throw_if_stopped(stop);
    const auto count = from.read(buffer);
    if (count == 0) return total;
    to.write(std::span(buffer).first(count));
    total += count;
  }
}

std::string read_all(Source& from, std::size_t limit, std::string_view subject) {
  return read_into({}, from, limit, subject);
}

std::size_t read_full(Source& from, std::span<std::byte> buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const auto count = from.read(buffer.subspan(filled));
    if (count == 0) break;
    filled += count;
  }
  return filled;
}

std::size_t StoppableSource::read(std::span<std::byte> buffer) {
  throw_if_stopped(stop_);
  return from_.read(buffer);
}

PeekedSource::PeekedSource(std::unique_ptr<Source> from, std::size_t size) : from_(std::move(from)), head_(size) {
  head_.resize(read_full(*from_, head_));
}

std::size_t PeekedSource::read(std::span<std::byte> buffer) {
  if (position_ == head_.size()) return from_->read(buffer);
  const auto count = std::min(buffer.size(), head_.size() - position_);
  std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(position_), count, buffer.begin());
  position_ += count;
  return count;
}

UniqueFd open_for_reading(const std::filesystem::path& path) {
  // The shell's "<(…)": a pipe that is opened anew would not tell that its writer has gone.
  if (const auto inherited = inherited_descriptor(path)) {
    UniqueFd fd(::fcntl(*inherited, F_DUPFD_CLOEXEC, 0));
    if (fd) return fd;
  }
  // O_NONBLOCK: to open a pipe without a writer would block.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) throw_errno(fmt::format("cannot open {}", path.string()));
  return fd;
}

UniqueFd open_regular_file(const std::filesystem::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status = {};
  if (!fd || ::fstat(fd.get(), &status) != 0) throw_errno(fmt::format("cannot open {}", path.string()));
  if (S_ISREG(status.st_mode)) return fd;
  throw Error(ErrorCode::io, fmt::format("cannot read {}: it is not a regular file", path.string()));
}

FileSource::FileSource(const std::filesystem::path& path) : FileSource(open_for_reading(path), path.string()) {}

FileSource::FileSource(UniqueFd fd, std::string subject)
    : fd_(std::move(fd)), subject_(std::move(subject)), may_block_(!is_always_readable(fd_.get())) {}

std::size_t FileSource::read(std::span<std::byte> buffer) {
  const auto* access = InputAccess::current();
  const auto wanted = access == nullptr || buffer.empty() ? buffer.size() : access->limit_read(buffer.size());
  for (;;) {
    if (may_block_) wait_until_readable(fd_.get(), subject_);
    const auto count = ::read(fd_.get(), buffer.data(), wanted);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR && errno != EAGAIN) throw_errno(fmt::format("cannot read {}", subject_));
  }
}

FileSliceSource::FileSliceSource(std::shared_ptr<const UniqueFd> fd, std::uint64_t offset, std::uint64_t size,
                                 std::string subject)
    : fd_(std::move(fd)), offset_(offset), left_(size), subject_(std::move(subject)) {}

std::size_t FileSliceSource::read(std::span<std::byte> buffer) {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_));
  if (wanted == 0) return 0;
  for (;;) {
    const auto count = ::pread(fd_->get(), buffer.data(), wanted, static_cast<off_t>(offset_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno(fmt::format("cannot read {}", subject_));
    if (count == 0)
      throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: {} bytes are missing", subject_, left_));
    offset_ += static_cast<std::uint64_t>(count);
    left_ -= static_cast<std::uint64_t>(count);
    return static_cast<std::size_t>(count);
  }
}

std::size_t StringSource::read(std::span<std::byte> buffer) {
  const auto count = std::min(buffer.size(), bytes_.size() - position_);
  if (count != 0) std::memcpy(buffer.data(), bytes_.data() + position_, count);
  position_ += count;
  return count;
}

namespace {

std::string read_opened(UniqueFd fd, const std::filesystem::path& path, std::size_t limit) {
  FileSource file(std::move(fd), path.string());
  std::string bytes;
  // A guess that spares a large file's growth; what counts is what is read.
  struct stat status = {};
  if (::fstat(file.fd(), &status) == 0 && status.st_size > 0) {
    bytes.reserve(std::min(static_cast<std::size_t>(status.st_size), limit));
  }
  bytes = read_into(std::move(bytes), file, limit, path.string());
  // An end that comes early is none: a list of rules without its last lines says something else.
  if (::fstat(file.fd(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 &&
      static_cast<std::uint64_t>(status.st_size) > bytes.size()) {
    throw Error(ErrorCode::io, fmt::format("cannot read {}: it ended after {} of {} bytes", path.string(), bytes.size(),
                                           status.st_size));
  }
  return bytes;
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::size_t limit) {
  return read_opened(open_for_reading(path), path, limit);
}

std::optional<std::string> read_file_if_exists(const std::filesystem::path& path, std::size_t limit) {
  try {
    return read_opened(open_regular_file(path), path, limit);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found) return {};
    throw;
  }
}

}  // namespace ociassemble
