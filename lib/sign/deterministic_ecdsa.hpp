// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>

#include "sign/openssl.hpp"

namespace ociassemble {

using Sha256Bytes = std::array<unsigned char, 32>;

// ECDSA over P-256 of a SHA-256, its nonce by RFC 6979, as DER. `key` has to be of that curve. The nonce is wiped, and
// is multiplied and inverted in constant time; the signature is checked before it is returned.
std::string sign_deterministically(EVP_PKEY* key, const Sha256Bytes& hash);

}  // namespace ociassemble
