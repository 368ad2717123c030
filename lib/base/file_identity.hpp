// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ociassemble {

// What tells a file's bytes from others without reading them, as far as the file system does. Times are nanoseconds
// since 1970.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t mtime = 0;
  std::int64_t ctime = 0;
  // Whether the file system is of a kind whose ctime moves with every change: not a network or FUSE file system, one
  // without a ctime of its own (FAT), or the image of a disc that somebody may have made with any times.
  bool keeps_ctime = false;
  // On an overlay whose layers may be such images: which mount it is, as no other was or will be ("BOOT/MOUNT"); their
  // bytes stay while it does. Empty elsewhere, and where the kernel cannot tell (before Linux 6.8).
  std::string mount;
  std::int64_t seen = 0;  // when this was asked; not part of the identity

  // Of the file that the path leads to, symlinks followed; nothing when there is none.
  static std::optional<FileIdentity> of(const std::filesystem::path& path);
  // Of an open file, as the server of a network file system sees it now. Throws Error{io} naming `subject`.
  static FileIdentity of(int fd, std::string_view subject);

  bool same_as(const FileIdentity& other) const;
  // Whether any later change shows in the identity, once the file is at rest. A whole-second ctime is that of a coarse
  // file system or of normalised times, and tells nothing.
  bool tells_changes() const;
  // Whether the last change was longer ago than the grain of the clock that file times come from: a change that follows
  // has another ctime.
  bool at_rest() const;

  // The identity alone, as text.
  std::string to_string() const;
};

// What a folder has at a name.
struct MemberStatus {
  FileIdentity identity;
  std::uint32_t mode = 0;  // with the type, as stat(2) has it
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

// Looks at the members of folders with one system call each: the kind of a file system is asked for once a mount. One
// thread.
class MemberLook {
 public:
  enum class Links { kept, followed };
  // `folder` is open, or AT_FDCWD. Throws Error{io} or Error{not_found} naming `subject`.
  MemberStatus at(int folder, const std::string& name, std::string_view subject, Links links = Links::kept);

 private:
  std::map<std::uint64_t, std::uint64_t> kinds_;  // by the kernel's number of the mount
};

// The longest that it takes a file to come to rest, in nanoseconds.
inline constexpr std::int64_t kClockGrain = 20'000'000;

}  // namespace ociassemble
