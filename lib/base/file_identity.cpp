// SPDX-License-Identifier: Apache-2.0
#include "base/file_identity.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <fstream>
#include <utility>

#include "base/system_error.hpp"
#include "base/unique_fd.hpp"

namespace ociassemble {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kOverlay = 0x794C7630;

// By their magic numbers (statfs(2)). What is not here costs time, never bytes.
constexpr std::array<std::uint64_t, 12> kKeepsCtime{
    0xEF53,      // ext2, ext3, ext4
    0x58465342,  // XFS
    0x9123683E,  // Btrfs
    0x01021994,  // tmpfs
    0x858458F6,  // ramfs
    kOverlay,    // overlayfs: the ctime of the layer that has the file
    0xF2F52010,  // F2FS
    0x2FC12FC1,  // ZFS
    0xCA451A4E,  // bcachefs
    0x3153464A,  // JFS
    0x3434,      // NILFS
    0x52654973,  // ReiserFS
};

std::int64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

std::int64_t nanoseconds(const struct statx_timestamp& time) { return time.tv_sec * kSecond + time.tv_nsec; }
std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }

FileIdentity from_stat(const struct stat& status) {
  FileIdentity identity;
  identity.device = status.st_dev;
  identity.inode = status.st_ino;
  identity.size = static_cast<std::uint64_t>(status.st_size);
  identity.mtime = nanoseconds(status.st_mtim);
  identity.ctime = nanoseconds(status.st_ctim);
  return identity;
}

FileIdentity from_statx(const struct statx& status) {
  FileIdentity identity;
  identity.device = makedev(status.stx_dev_major, status.stx_dev_minor);
  identity.inode = status.stx_ino;
  identity.size = status.stx_size;
  identity.mtime = nanoseconds(status.stx_mtime);
  identity.ctime = nanoseconds(status.stx_ctime);
  return identity;
}

// Of Linux 5.8 and 6.8; older headers do not have them. Asked for both, a kernel gives the second where it can.
constexpr unsigned kMountId = 0x1000;
constexpr unsigned kUniqueMountId = 0x4000;
constexpr std::size_t kMountIdOffset = 0x90;

const std::string& boot_id() {
  static const std::string id = [] {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string text;
    std::getline(file, text);
    return text;
  }();
  return id;
}

std::uint64_t mount_number(const struct statx& status) {
  std::uint64_t id = 0;
  std::memcpy(&id, reinterpret_cast<const char*>(&status) + kMountIdOffset, sizeof id);
  return id;
}

std::string unique_mount(const struct statx& status) {
  if ((status.stx_mask & kUniqueMountId) == 0 || boot_id().empty()) return {};
  return fmt::format("{}/{}", boot_id(), mount_number(status));
}

// Some systems have it in a signed member.
std::uint64_t type_of(const struct statfs& system) { return static_cast<std::uint32_t>(system.f_type); }

// The layers below an overlay may be images with the times that their maker gave them, and those have one time for
// both.
void take_file_system(FileIdentity& identity, std::uint64_t type, const struct statx& status) {
  const bool is_known = std::find(kKeepsCtime.begin(), kKeepsCtime.end(), type) != kKeepsCtime.end();
  const bool needs_mount = type == kOverlay && identity.ctime == identity.mtime;
  if (needs_mount) identity.mount = unique_mount(status);
  identity.keeps_ctime = is_known && (!needs_mount || !identity.mount.empty());
}

// What is at a name, without its file system; `extended` is empty where statx() may not be called, as in some
// sandboxes.
std::optional<MemberStatus> look_at(int folder, const char* name, int flags, struct statx& extended) {
  MemberStatus found;
  const auto seen = now();
  struct stat status {};
  if (::statx(folder, name, flags, STATX_BASIC_STATS | kMountId | kUniqueMountId, &extended) == 0) {
    found = {from_statx(extended), extended.stx_mode, extended.stx_uid, extended.stx_gid};
  } else if (::fstatat(folder, name, &status, flags & ~AT_STATX_FORCE_SYNC) == 0) {
    found = {from_stat(status), status.st_mode, status.st_uid, status.st_gid};
  } else {
    return {};
  }
  found.identity.seen = seen;
  return found;
}

std::optional<std::uint64_t> file_system_of(int folder, const char* name, bool follows, std::string_view subject) {
  const UniqueFd fd(::openat(folder, name, O_PATH | O_CLOEXEC | (follows ? 0 : O_NOFOLLOW)));
  // Without an answer the file would seem to be another than the one that is opened later.
  if (!fd) throw_errno(fmt::format("cannot read {}", subject));
  struct statfs system {};
  if (::fstatfs(fd.get(), &system) != 0) return {};
  return type_of(system);
}

// What this thread asked for last: most files lie on one mount. No two mounts have had one number since the system
// began, where it has them at all.
std::optional<std::uint64_t> file_system_of(int fd, const struct statx& status) {
  thread_local std::uint64_t last_mount = 0;
  thread_local std::uint64_t last_kind = 0;
  const auto mount = (status.stx_mask & kUniqueMountId) != 0 ? mount_number(status) : 0;
  if (mount != 0 && mount == last_mount) return last_kind;
  struct statfs system {};
  if (::fstatfs(fd, &system) != 0) return {};
  last_mount = mount;
  last_kind = type_of(system);
  return last_kind;
}

}  // namespace

std::optional<FileIdentity> FileIdentity::of(const std::filesystem::path& path) {
  struct statx extended {};
  auto found = look_at(AT_FDCWD, path.c_str(), 0, extended);
  if (!found) return {};
  struct statfs system {};
  if (::statfs(path.c_str(), &system) == 0) take_file_system(found->identity, type_of(system), extended);
  return found->identity;
}

FileIdentity FileIdentity::of(int fd, std::string_view subject) {
  struct statx extended {};
  auto found = look_at(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, extended);
  if (!found) throw_errno(fmt::format("cannot read {}", subject));
  if (const auto kind = file_system_of(fd, extended)) take_file_system(found->identity, *kind, extended);
  return found->identity;
}

MemberStatus MemberLook::at(int folder, const std::string& name, std::string_view subject, Links links) {
  const bool follows = links == Links::followed;
  struct statx extended {};
  const auto found = look_at(folder, name.c_str(), follows ? 0 : AT_SYMLINK_NOFOLLOW, extended);
  if (!found) throw_errno(fmt::format("cannot read {}", subject));
  auto member = *found;
  if (!S_ISREG(member.mode)) return member;
  const bool knows_mount = (extended.stx_mask & (kMountId | kUniqueMountId)) != 0;
  const auto known = knows_mount ? kinds_.find(mount_number(extended)) : kinds_.end();
  const auto kind =
      known != kinds_.end() ? std::optional(known->second) : file_system_of(folder, name.c_str(), follows, subject);
  if (!kind) return member;
  if (knows_mount) kinds_.insert_or_assign(mount_number(extended), *kind);
  take_file_system(member.identity, *kind, extended);
  return member;
}

bool FileIdentity::same_as(const FileIdentity& other) const {
  return device == other.device && inode == other.inode && size == other.size && mtime == other.mtime &&
         ctime == other.ctime && keeps_ctime == other.keeps_ctime && mount == other.mount;
}

bool FileIdentity::tells_changes() const { return keeps_ctime && ctime % kSecond != 0 && ctime - seen <= kClockGrain; }

bool FileIdentity::at_rest() const { return seen - ctime > kClockGrain; }

std::string FileIdentity::to_string() const {
  const auto text = fmt::format("{}:{}:{}:{}:{}", device, inode, size, mtime, ctime);
  return mount.empty() ? text : text + ":" + mount;
}

}  // namespace ociassemble
