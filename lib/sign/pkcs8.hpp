// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "ociassemble/signing_key.hpp"
#include "sign/openssl.hpp"

namespace ociassemble {

// PKCS#8 (RFC 5958) in DER. Nothing for what is none, or is followed by more.
PkeyHandle read_pkcs8(std::string_view der);
SecretBytes write_pkcs8(EVP_PKEY* key);

// That an encrypted PKCS#8 key is one of PBES2 whose derivation ends in reasonable time: PBKDF2 with at most 10,000,000
// rounds, or scrypt within OpenSSL's memory limit and p of at most 16. Throws Error{corrupt}, Error{unsupported}.
void require_bounded_pbes2(std::string_view der, std::string_view subject);
// Its plain PKCS#8. Throws Error{unauthorized} for a wrong passphrase.
SecretBytes decrypt_pkcs8(std::string_view der, std::string_view subject, const SecretBytes& passphrase);

}  // namespace ociassemble
