// SPDX-License-Identifier: Apache-2.0
#include "base/file_identity.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>

namespace ociassemble {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }

// File times come from the kernel's coarse clock, whose ticks are at most 10 ms apart. A file system that keeps whole
// seconds only (or, as FAT, every other) shows it by times without a fraction.
std::int64_t grain(std::int64_t time) { return time % kSecond == 0 ? 2 * kSecond + kSecond / 10 : kSecond / 50; }

bool at_rest(std::int64_t changed, std::int64_t seen) { return seen - changed > grain(changed); }

}  // namespace

std::optional<FileIdentity> FileIdentity::of(const std::filesystem::path& path) {
  struct stat status {};
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (::stat(path.c_str(), &status) != 0) return {};
  FileIdentity identity;
  identity.path = path;
  identity.device = status.st_dev;
  identity.inode = status.st_ino;
  identity.size = static_cast<std::uint64_t>(status.st_size);
  identity.mtime = nanoseconds(status.st_mtim);
  identity.ctime = nanoseconds(status.st_ctim);
  identity.seen = nanoseconds(now);
  return identity;
}

std::string FileIdentity::to_string() const { return fmt::format("{}:{}:{}:{}:{}", device, inode, size, mtime, ctime); }

bool FileIdentity::still_holds() const {
  const auto now = of(path);
  return now && now->to_string() == to_string() && at_rest(mtime, seen) && at_rest(ctime, seen);
}

}  // namespace ociassemble
