// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/export.hpp"

namespace ociassemble {

// OCI image specification, image-index.md, "platform"; GOOS and GOARCH values.
struct OCIASSEMBLE_EXPORT Platform {
  std::string os;
  std::string architecture;
  std::string variant;     // "v8", "v7"; may be empty
  std::string os_version;  // may be empty
  std::vector<std::string> os_features;

  // "linux/arm64/v8"; also the usual other names ("x86_64", "aarch64", "arm" without a variant is v7). Normalised.
  // Throws Error{invalid_argument}.
  static Platform parse(std::string_view text);

  // "linux/amd64", "linux/arm/v7"; never with os_version.
  std::string to_string() const;
  // One spelling for each platform: lower case, arm64/v8 and amd64/v1 without variant, arm with one.
  Platform normalised() const;
  // Whether an image for `offered` is what `*this` asks for; both are normalised for it, os_version counts where asked.
  bool matches(const Platform& offered) const;

  bool operator==(const Platform&) const = default;
};

}  // namespace ociassemble
