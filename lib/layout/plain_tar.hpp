// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ociassemble {

inline constexpr std::size_t kTarBlockSize = 512;

// What a header block of a tar archive says, where it is of the plainest kind.
struct PlainTarHeader {
  enum class Type { regular, directory, symlink, hard_link };

  Type type = Type::regular;
  std::string path;         // canonical: relative, no "." or "..", no trailing '/'; empty for the root
  std::string link_target;  // as it is written
  std::uint64_t size = 0;   // of the data that follows
};

// Reads a ustar (POSIX.1-1988) or GNU header that stands for itself; nothing for all else: extended headers, other
// types, numbers and paths out of the ordinary, a wrong checksum. Such an archive is for TarReader.
std::optional<PlainTarHeader> parse_plain_tar_header(std::span<const std::byte, kTarBlockSize> block);

}  // namespace ociassemble
