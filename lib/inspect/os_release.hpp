// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// The first that exists counts (os-release(5)).
inline constexpr std::array<std::string_view, 2> kOsReleaseFiles{"etc/os-release", "usr/lib/os-release"};

// os-release(5). The texts are the image's own: control characters became spaces, and none is over 4096 bytes. A member
// is empty where the file does not say it.
struct OsRelease {
  std::string id;                    // "debian"; "linux" where the file says none
  std::vector<std::string> id_like;  // the nearest first
  std::string version_id;            // "12"
  std::string name;                  // "Debian GNU/Linux"
  std::string version_codename;      // "bookworm"
  std::string pretty_name;           // "Debian GNU/Linux 12 (bookworm)"
};

// Assignments as a shell reads them; lines that are none are skipped, and the last of a name counts.
OsRelease parse_os_release(std::string_view text);

}  // namespace ociassemble
