// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace ociassemble {

// What tells a file's bytes from others without reading them, as far as the file system does: when all of it is the
// same, and old enough, the bytes are the same. Times are nanoseconds since 1970.
struct FileIdentity {
  std::filesystem::path path;  // as it was opened; not part of the identity
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t mtime = 0;
  std::int64_t ctime = 0;
  std::int64_t seen = 0;  // when this was asked; not part of the identity

  // Of the file that the path leads to, symlinks followed; nothing when there is none.
  static std::optional<FileIdentity> of(const std::filesystem::path& path);

  // The identity alone, as text.
  std::string to_string() const;
  // Whether the file still is what it was, and had been at rest for longer than the clock's grain when it was seen:
  // only then does an equal identity mean equal bytes.
  bool still_holds() const;
};

}  // namespace ociassemble
