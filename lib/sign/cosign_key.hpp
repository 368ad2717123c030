// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "ociassemble/signing_key.hpp"

namespace ociassemble {

// cosign's encryption of a private key: a JSON document that names scrypt (RFC 7914) and NaCl's secretbox, with their
// parameters, salt and nonce. The plain text is PKCS#8 in DER.
//
// Decrypting throws Error{corrupt} that names `subject` for what is no such document, Error{unsupported} for another
// method and for parameters that would take more than 512 MiB, Error{unauthorized} for a wrong passphrase.
SecretBytes decrypt_cosign_key(std::string_view json, std::string_view subject, const SecretBytes& passphrase);
// With cosign's own parameters, and random salt and nonce.
std::string encrypt_cosign_key(std::string_view der, const SecretBytes& passphrase);

}  // namespace ociassemble
