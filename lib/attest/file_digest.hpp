// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "ociassemble/digest.hpp"

namespace ociassemble {

// A file's SHA-256 in 32 bytes: an inventory has one for each file of an image. A value.
class FileDigest {
 public:
  // `digest` is a SHA-256.
  explicit FileDigest(const Digest& digest);
  // 64 lower-case digits.
  std::string hex() const;

  bool operator==(const FileDigest&) const = default;

 private:
  std::array<std::uint8_t, 32> bytes_{};
};

}  // namespace ociassemble
