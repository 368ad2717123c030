// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ociassemble {

// Of a path with '/' between its names: "usr/bin/app" -> "usr/bin". Empty for a name alone.
inline std::string_view folder_of(std::string_view path) noexcept {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

}  // namespace ociassemble
