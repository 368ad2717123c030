// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ociassemble {

// "1:2.3-4" (deb-version(7)). Borrows the text.
struct DebianVersion {
  std::string_view epoch;
  std::string_view upstream;
  std::string_view revision;
};

inline DebianVersion split_debian_version(std::string_view text) {
  DebianVersion version;
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    version.epoch = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  const auto dash = text.rfind('-');
  version.upstream = text.substr(0, dash);
  if (dash != std::string_view::npos) version.revision = text.substr(dash + 1);
  return version;
}

}  // namespace ociassemble
