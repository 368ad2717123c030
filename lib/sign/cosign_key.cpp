// SPDX-License-Identifier: Apache-2.0
#include "sign/cosign_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "sign/openssl.hpp"
#include "sign/secretbox.hpp"
#include "spec/json.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kSaltSize = 32;
// RFC 7914: 128 * N * r bytes, and p times that of work.
constexpr std::uint64_t kMostMemory = std::uint64_t{512} << 20U;
constexpr std::uint64_t kMostParallel = 16;
constexpr std::size_t kLargestDocument = std::size_t{64} << 10U;

void require_bounded(const CosignKey& scrypt, std::string_view subject) {
  const bool is_power = scrypt.cost > 1 && (scrypt.cost & (scrypt.cost - 1)) == 0;
  const bool is_bounded = scrypt.block_size >= 1 && scrypt.block_size <= 64 && scrypt.parallel >= 1 &&
                          scrypt.parallel <= kMostParallel && scrypt.cost <= (std::uint64_t{1} << 22U) &&
                          128 * scrypt.cost * scrypt.block_size <= kMostMemory;
  if (is_power && is_bounded) return;
  throw Error(ErrorCode::unsupported,
              fmt::format("cannot decrypt {}: scrypt with N={}, r={}, p={} is not taken", subject, scrypt.cost,
                          scrypt.block_size, scrypt.parallel),
              "cosign writes N=65536, r=8, p=1; make the key anew with such parameters");
}

class DerivedKey {
 public:
  DerivedKey(const SecretBytes& passphrase, const CosignKey& scrypt) {
    require_success(EVP_PBE_scrypt(passphrase.text().data(), passphrase.size(), as_octets(scrypt.salt),
                                   scrypt.salt.size(), scrypt.cost, scrypt.block_size, scrypt.parallel,
                                   kMostMemory + (std::uint64_t{1} << 20U), key_.data(), key_.size()),
                    "derive a key by scrypt");
  }
  DerivedKey(const DerivedKey&) = delete;
  DerivedKey& operator=(const DerivedKey&) = delete;
  ~DerivedKey() { OPENSSL_cleanse(key_.data(), key_.size()); }

  const BoxKey& key() const noexcept { return key_; }

 private:
  BoxKey key_{};
};

std::string bytes_of(const JsonView& view, std::string_view name) {
  const auto member = view.at(name);
  auto bytes = decode_base64(member.string());
  if (!bytes) member.refuse("is not base64");
  return std::move(*bytes);
}

}  // namespace

CosignKey parse_cosign_key(std::string_view json, std::string_view subject) {
  const auto value = parse_json(json, subject, {.size = kLargestDocument, .depth = 8, .values = 100});
  const JsonView document(value, subject);
  const auto derivation = document.at("kdf");
  const auto cipher = document.at("cipher");
  const auto& derivation_name = derivation.at("name").string();
  const auto& cipher_name = cipher.at("name").string();
  if (derivation_name != "scrypt" || cipher_name != "nacl/secretbox") {
    throw Error(ErrorCode::unsupported,
                fmt::format("cannot decrypt {}: its methods are {} and {}", subject, printable(derivation_name),
                            printable(cipher_name)),
                "scrypt with nacl/secretbox is what cosign writes");
  }
  const auto parameters = derivation.at("params");
  CosignKey key{parameters.at("N").size(),
                parameters.at("r").size(),
                parameters.at("p").size(),
                bytes_of(derivation, "salt"),
                {},
                bytes_of(document, "ciphertext")};
  require_bounded(key, subject);
  const auto nonce = bytes_of(cipher, "nonce");
  if (nonce.size() != key.nonce.size()) cipher.at("nonce").refuse("is not 24 bytes");
  std::copy(nonce.begin(), nonce.end(), key.nonce.begin());
  return key;
}

SecretBytes decrypt_cosign_key(const CosignKey& key, std::string_view subject, const SecretBytes& passphrase) {
  const DerivedKey derived(passphrase, key);
  auto opened = open_box(key.box, key.nonce, derived.key());
  if (!opened) {
    throw Error(ErrorCode::unauthorized, fmt::format("cannot decrypt {}: the passphrase is wrong", subject),
                "give the right one by --passphrase-file or COSIGN_PASSWORD");
  }
  return std::move(*opened);
}

std::string encrypt_cosign_key(std::string_view der, const SecretBytes& passphrase) {
  CosignKey key{.salt = std::string(kSaltSize, '\0')};
  require_success(RAND_bytes(as_octets(key.salt.data()), static_cast<int>(key.salt.size())), "make random bytes");
  require_success(RAND_bytes(key.nonce.data(), static_cast<int>(key.nonce.size())), "make random bytes");
  const DerivedKey derived(passphrase, key);
  JsonObjectWriter parameters;
  parameters.json("N", std::to_string(key.cost));
  parameters.json("r", std::to_string(key.block_size));
  parameters.json("p", std::to_string(key.parallel));
  JsonObjectWriter derivation;
  derivation.string("name", "scrypt");
  derivation.json("params", parameters.finish());
  derivation.string("salt", encode_base64(key.salt));
  JsonObjectWriter cipher;
  cipher.string("name", "nacl/secretbox");
  cipher.string("nonce", encode_base64({reinterpret_cast<const char*>(key.nonce.data()), key.nonce.size()}));
  JsonObjectWriter document;
  document.json("kdf", derivation.finish());
  document.json("cipher", cipher.finish());
  document.string("ciphertext", encode_base64(seal_box(der, key.nonce, derived.key())));
  return document.finish();
}

}  // namespace ociassemble
