// SPDX-License-Identifier: Apache-2.0
#include "attest/file_digest.hpp"

#include <string_view>

namespace ociassemble {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

std::uint8_t value_of(char digit) { return static_cast<std::uint8_t>(kDigits.find(digit)); }

}  // namespace

FileDigest::FileDigest(const Digest& digest) {
  const auto hex = digest.hex();
  for (std::size_t i = 0; i < bytes_.size(); ++i)
    bytes_[i] = static_cast<std::uint8_t>(value_of(hex[2 * i]) << 4U | value_of(hex[2 * i + 1]));
}

std::string FileDigest::hex() const {
  std::string hex;
  hex.reserve(2 * bytes_.size());
  for (const auto byte : bytes_) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 0xFU];
  }
  return hex;
}

}  // namespace ociassemble
