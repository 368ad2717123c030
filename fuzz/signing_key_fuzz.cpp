// SPDX-License-Identifier: Apache-2.0
#include "fuzz.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/signing_key.hpp"
#include "sign/cosign_key.hpp"
#include "sign/pem.hpp"
#include "sign/pkcs8.hpp"

namespace {

using namespace ociassemble;

// A key's derivation may take seconds: here it stays undone.
class NoPassphrase {};

template <class Parse>
void attempt(const Parse& parse) {
  try {
    parse();
  } catch (const Error& error) {
    fuzz::require(error.code() == ErrorCode::corrupt || error.code() == ErrorCode::unsupported ||
                      error.code() == ErrorCode::unauthorized,
                  "what is malformed is corrupt or unsupported");
  } catch (const NoPassphrase&) {
  }
}

}  // namespace

// Key files: PEM, PKCS#8 plain and encrypted, SubjectPublicKeyInfo, cosign's encryption.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  attempt([&] {
    const auto key = PublicKey::parse(text, "key");
    fuzz::require(PublicKey::parse(key.to_pem(), "ours") == key, "a key is written as it was read");
    fuzz::require(!key.verifies("message", text), "a file is no signature");
  });
  attempt([&] {
    const auto key = SigningKey::parse(text, "key", []() -> SecretBytes { throw NoPassphrase(); });
    fuzz::require(key.public_key().verifies("message", key.sign("message")), "a key's signature is its own");
  });
  attempt([&] { parse_pem(text, "key"); });
  attempt([&] { require_bounded_pbes2(text, "key"); });
  attempt([&] {
    const auto key = parse_cosign_key(text, "key");
    if (key.cost * key.block_size * key.parallel > 4096) return;
    decrypt_cosign_key(key, "key", SecretBytes::copy_of("x"));
  });
  return 0;
}
