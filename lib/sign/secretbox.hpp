// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ociassemble/signing_key.hpp"

namespace ociassemble {

// NaCl's crypto_secretbox: XSalsa20 with Poly1305 (Bernstein, "Cryptography in NaCl", 2009). A box is the
// authenticator's 16 bytes, then the encrypted ones.
using BoxKey = std::array<unsigned char, 32>;
using BoxNonce = std::array<unsigned char, 24>;

std::string seal_box(std::string_view message, const BoxNonce& nonce, const BoxKey& key);
// Nothing where the authenticator is not that of the box.
std::optional<SecretBytes> open_box(std::string_view box, const BoxNonce& nonce, const BoxKey& key);

}  // namespace ociassemble
