// SPDX-License-Identifier: Apache-2.0
#include "base/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>

#include "base/system_error.hpp"
#include "base/waiting.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxLinks = 40;  // as the kernel's

[[noreturn]] void refuse_output(const fs::path& path, std::string_view why) {
  throw Error(ErrorCode::io, fmt::format("cannot write {}: {}", path.string(), why));
}

// The number of a descriptor of this process, where the path is that of its entry in /proc.
std::optional<int> descriptor_at(const fs::path& path) {
  const auto name = path.filename().string();
  int number = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (failure != std::errc() || end != name.data() + name.size()) return {};
  std::error_code error;
  const auto folder = fs::canonical(path.parent_path(), error).string();
  const auto own = fmt::format("/proc/{}/", ::getpid());
  if (error || !folder.starts_with(own) || !folder.ends_with("/fd")) return {};
  return number;
}

struct End {
  fs::path path;
  std::optional<int> descriptor;
};

// What a chain of symlinks leads to, whether or not that is there.
End follow_links(const fs::path& path) {
  fs::path at = path;
  for (int links = 0; links < kMaxLinks; ++links) {
    std::error_code error;
    const auto target = fs::read_symlink(at, error);
    if (error) return {at, {}};
    if (const auto descriptor = descriptor_at(at)) return {at, descriptor};
    at = target.is_absolute() ? target : at.parent_path() / target;
  }
  refuse_output(path, "too many levels of symbolic links");
}

bool is_standard_output(const fs::path& path) { return path == "-"; }

// A descriptor of ours whose file has no name to be opened by, or must go on where it stands.
std::optional<int> own_descriptor(const fs::path& path) {
  const auto descriptor = is_standard_output(path) ? std::optional<int>(STDOUT_FILENO) : follow_links(path).descriptor;
  struct stat status {};
  if (!descriptor || ::fstat(*descriptor, &status) != 0) return {};
  return is_standard_output(path) || S_ISREG(status.st_mode) ? descriptor : std::nullopt;
}

bool holds_bytes(const fs::path& path, std::span<const std::byte> bytes) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  if (static_cast<std::uint64_t>(status.st_size) != bytes.size()) return false;
  std::array<std::byte, 16384> buffer{};
  while (!bytes.empty()) {
    const auto count = ::read(fd.get(), buffer.data(), std::min(buffer.size(), bytes.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || std::memcmp(buffer.data(), bytes.data(), static_cast<std::size_t>(count)) != 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

OutputPlace find_output(const fs::path& path) {
  if (is_standard_output(path)) return {OutputPlace::Kind::stream, path};
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) throw_errno(fmt::format("cannot write {}", path.string()));
    return {OutputPlace::Kind::file, follow_links(path).path};
  }
  if (S_ISDIR(status.st_mode)) refuse_output(path, "it is a folder");
  if (S_ISSOCK(status.st_mode)) refuse_output(path, "it is a socket");
  if (!S_ISREG(status.st_mode)) return {OutputPlace::Kind::stream, path};
  const auto end = follow_links(path);
  return {end.descriptor ? OutputPlace::Kind::stream : OutputPlace::Kind::file, end.path};
}

UniqueFd open_output_stream(const fs::path& path) {
  if (const auto own = own_descriptor(path)) {
    UniqueFd fd(::fcntl(*own, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!fd) throw_errno(fmt::format("cannot write {}", path.string()));
    return fd;
  }
  // O_NONBLOCK: to open a pipe without a reader would block.
  for (Waiting waiting(fmt::format("for a reader of {}", path.string()));;) {
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (fd) return fd;
    if (errno != ENXIO && errno != EINTR) throw_errno(fmt::format("cannot write {}", path.string()));
    waiting.pause();
  }
}

void write_output_stream(int fd, std::span<const std::byte> bytes, const fs::path& path) {
  Waiting waiting(fmt::format("for the reader of {}", path.string()));
  // A descriptor that others gave us may block: it gets no more than it has room for.
  struct stat status {};
  const bool blocks =
      (::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0 && (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode));
  while (!bytes.empty()) {
    pollfd ready{fd, POLLOUT, 0};
    if (blocks && ::poll(&ready, 1, 0) == 0) {
      waiting.pause();
      continue;
    }
    const auto count = ::write(fd, bytes.data(), blocks ? std::min<std::size_t>(bytes.size(), PIPE_BUF) : bytes.size());
    if (count >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      waiting.pause();
    } else if (errno != EINTR) {
      throw_errno(fmt::format("cannot write {}", path.string()));
    }
  }
}

void write_output(const fs::path& path, std::span<const std::byte> bytes) {
  const auto place = find_output(path);
  switch (place.kind) {
    case OutputPlace::Kind::stream: {
      const auto fd = open_output_stream(place.path);
      write_output_stream(fd.get(), bytes, place.path);
      return;
    }
    case OutputPlace::Kind::file:
      if (!holds_bytes(place.path, bytes)) write_file_atomically(place.path, bytes);
      return;
  }
}

}  // namespace ociassemble
