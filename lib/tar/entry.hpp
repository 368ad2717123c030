// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "ociassemble/entry_type.hpp"

namespace ociassemble {

// One member of a tar archive.
struct TarEntry {
  std::string path;  // relative, without "./", "..", "//" and trailing '/'; empty for the root directory
  EntryType type = EntryType::regular;
  std::uint32_t mode = 0;  // permission bits with setuid, setgid and sticky (07777)
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::int64_t mtime = 0;   // seconds since 1970-01-01T00:00:00Z
  std::uint64_t size = 0;   // bytes of data that follow; 0 for all but regular files
  std::string link_target;  // symlink: as written; hard link: another entry's path, in the form of `path`
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::map<std::string, std::string> xattrs;  // "security.capability" -> bytes
};

}  // namespace ociassemble
