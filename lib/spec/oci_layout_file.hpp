// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ociassemble {

// The file "oci-layout" of an OCI image layout (image-layout.md).
struct OciLayoutFile {
  static constexpr std::size_t kMaxSize = std::size_t{64} << 10U;

  std::string version = "1.0.0";  // imageLayoutVersion

  // Throws Error{corrupt} for what is not such a file, Error{unsupported} for a version that is not 1.x.y.
  static OciLayoutFile parse(std::string_view json);
  // {"imageLayoutVersion":"1.0.0"}
  std::string to_json() const;

  bool operator==(const OciLayoutFile&) const = default;
};

}  // namespace ociassemble
