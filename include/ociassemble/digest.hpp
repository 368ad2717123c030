// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "ociassemble/export.hpp"

namespace ociassemble {

// A content address, "ALGORITHM:HEX" (OCI image specification, descriptor.md, "Digests"). Always valid: sha256 with 64
// or sha512 with 128 lower-case hexadecimal digits.
class OCIASSEMBLE_EXPORT Digest {
 public:
  enum class Algorithm { sha256, sha512 };

  // Throws Error{invalid_argument} for anything but a registered algorithm and its exact number of digits.
  static Digest parse(std::string_view text);
  static Digest of(std::span<const std::byte> bytes, Algorithm algorithm = Algorithm::sha256);
  static Digest of(std::string_view bytes, Algorithm algorithm = Algorithm::sha256);

  Algorithm algorithm() const noexcept { return algorithm_; }
  // "sha256" or "sha512".
  std::string_view algorithm_name() const noexcept;
  std::string_view hex() const noexcept;
  const std::string& to_string() const noexcept { return text_; }

  bool operator==(const Digest& other) const noexcept { return text_ == other.text_; }
  std::strong_ordering operator<=>(const Digest& other) const noexcept { return text_ <=> other.text_; }

 private:
  friend class Hasher;
  Digest(Algorithm algorithm, std::string text);

  Algorithm algorithm_;
  std::string text_;
};

}  // namespace ociassemble
