// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ociassemble/signing_key.hpp"
#include "sign/secretbox.hpp"

namespace ociassemble {

// cosign's encryption of a private key: a JSON document that names scrypt (RFC 7914) and NaCl's secretbox, with their
// parameters, salt and nonce. The plain text is PKCS#8 in DER.
struct CosignKey {
  std::uint64_t cost = 65536;  // cosign's own, which its reader demands
  std::uint64_t block_size = 8;
  std::uint64_t parallel = 1;
  std::string salt;
  BoxNonce nonce{};
  std::string box;
};

// Throws Error{corrupt} that names `subject` for what is no such document, Error{unsupported} for another method and
// for parameters that would take more than 512 MiB.
CosignKey parse_cosign_key(std::string_view json, std::string_view subject);
// Throws Error{unauthorized} for a wrong passphrase.
SecretBytes decrypt_cosign_key(const CosignKey& key, std::string_view subject, const SecretBytes& passphrase);
// With cosign's own parameters, and random salt and nonce.
std::string encrypt_cosign_key(std::string_view der, const SecretBytes& passphrase);

}  // namespace ociassemble
