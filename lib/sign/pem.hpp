// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "ociassemble/signing_key.hpp"

namespace ociassemble {

inline constexpr std::size_t kLargestKeyFile = std::size_t{64} << 10U;

// The only block of a PEM text (RFC 7468): text before it is passed over, as everybody does.
struct PemBlock {
  std::string label;  // "PRIVATE KEY"
  SecretBytes bytes;
};

// Throws Error{corrupt} naming `subject`: no block, more than one, headers, bad base64, more than kLargestKeyFile.
PemBlock parse_pem(std::string_view text, std::string_view subject);
SecretBytes write_pem(std::string_view label, std::string_view bytes);

}  // namespace ociassemble
