// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/signing_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "sign/cosign_key.hpp"
#include "sign/deterministic_ecdsa.hpp"
#include "sign/openssl.hpp"
#include "sign/pem.hpp"
#include "sign/pkcs8.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kPublicLabel = "PUBLIC KEY";
constexpr std::string_view kPlainLabel = "PRIVATE KEY";
constexpr std::string_view kEncryptedLabel = "ENCRYPTED PRIVATE KEY";
constexpr std::string_view kCosignLabel = "ENCRYPTED SIGSTORE PRIVATE KEY";
constexpr std::string_view kOldCosignLabel = "ENCRYPTED COSIGN PRIVATE KEY";
constexpr std::size_t kEd25519Size = 32;

[[noreturn]] void refuse(ErrorCode code, std::string_view subject, std::string_view cause, std::string hint) {
  throw Error(code, fmt::format("cannot use the key {}: {}", subject, cause), std::move(hint));
}

using EdPoint = std::array<unsigned char, kEd25519Size>;
// The y coordinates of the points of Ed25519 whose order divides 8, as numbers below 2^255, those at and over the prime
// too. Any message has a valid signature by such a key.
constexpr std::array<EdPoint, 7> kLowOrder{{
    {0x00},
    {0x01},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
     0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
     0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
}};

void require_high_order(EVP_PKEY* key, std::string_view subject) {
  EdPoint point{};
  auto size = point.size();
  require_success(EVP_PKEY_get_raw_public_key(key, point.data(), &size), "read an Ed25519 key");
  point.back() &= 0x7fU;  // the sign of x
  if (std::find(kLowOrder.begin(), kLowOrder.end(), point) == kLowOrder.end()) return;
  refuse(ErrorCode::corrupt, subject, "its point has a low order, so that anybody could sign by it",
         "make a key with `ociassemble generate-key`");
}

void require_named_curve(EVP_PKEY* key, std::string_view subject) {
  std::array<char, 80> name{};
  std::size_t length = 0;
  int is_explicit = 0;
  const bool is_named = EVP_PKEY_get_group_name(key, name.data(), name.size(), &length) == 1;
  if (is_named && EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) == 1 &&
      is_explicit == 0 && std::string_view(name.data(), length) == "prime256v1") {
    return;
  }
  ERR_clear_error();
  refuse(
      ErrorCode::unsupported, subject,
      is_named && is_explicit == 0 ? fmt::format("its curve is {}, not P-256", name.data()) : "its curve is not named",
      "keys are ECDSA over P-256 or Ed25519: `ociassemble generate-key` makes one");
}

KeyKind kind_of(EVP_PKEY* key, std::string_view subject) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_EC:
      require_named_curve(key, subject);
      return KeyKind::ecdsa_p256;
    case EVP_PKEY_ED25519:
      require_high_order(key, subject);
      return KeyKind::ed25519;
    default:
      refuse(ErrorCode::unsupported, subject, "it is neither ECDSA over P-256 nor Ed25519",
             "make one with `ociassemble generate-key`");
  }
}

// Whether the public point is on its curve, and not the neutral one.
void require_valid_point(EVP_PKEY* key, KeyKind kind, std::string_view subject) {
  if (kind != KeyKind::ecdsa_p256) return;
  const PkeyContext context(require_handle(EVP_PKEY_CTX_new(key, nullptr)));
  if (EVP_PKEY_public_check(context.get()) == 1) return;
  ERR_clear_error();
  refuse(ErrorCode::corrupt, subject, "its point is not on the curve", "take the file from who made it again");
}

std::string public_der(EVP_PKEY* key) {
  unsigned char* bytes = nullptr;
  const int length = i2d_PUBKEY(key, &bytes);
  require_success(length > 0 ? 1 : 0, "write a public key");
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  return der;
}

Sha256Bytes sha256_of(std::string_view message) {
  Sha256Bytes hash{};
  require_success(SHA256(as_octets(message), message.size(), hash.data()) != nullptr ? 1 : 0, "compute a digest");
  return hash;
}

}  // namespace

std::string_view key_kind_name(KeyKind kind) noexcept {
  switch (kind) {
    case KeyKind::ecdsa_p256:
      return "ecdsa-p256";
    case KeyKind::ed25519:
      return "ed25519";
  }
  return {};
}

KeyKind parse_key_kind(std::string_view text) {
  for (const auto kind : {KeyKind::ecdsa_p256, KeyKind::ed25519}) {
    if (text == key_kind_name(kind)) return kind;
  }
  throw Error(ErrorCode::invalid_argument, fmt::format("unknown key type \"{}\"", printable(text)),
              "the types are ecdsa-p256 and ed25519");
}

struct PublicKey::Data {
  PkeyHandle key;
  KeyKind kind;
  std::string der;

  static std::shared_ptr<const Data> of(PkeyHandle key, std::string_view subject) {
    auto data = std::make_shared<Data>();
    data->kind = kind_of(key.get(), subject);
    require_valid_point(key.get(), data->kind, subject);
    data->der = public_der(key.get());
    data->key = std::move(key);
    return data;
  }
  static std::shared_ptr<const Data> of(std::string_view der, std::string_view subject) {
    const auto* at = as_octets(der);
    PkeyHandle key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
    ERR_clear_error();
    if (!key || at != as_octets(der) + der.size()) {
      refuse(ErrorCode::corrupt, subject, "its bytes are no public key", "take the file from who made it again");
    }
    return of(std::move(key), subject);
  }
};

PublicKey PublicKey::parse(std::string_view pem, std::string_view subject) {
  const auto block = parse_pem(pem, subject);
  if (block.label == kPublicLabel) return PublicKey(Data::of(block.bytes.text(), subject));
  if (block.label.find("CERTIFICATE") != std::string::npos) {
    refuse(ErrorCode::unsupported, subject, "it is a certificate, whose issuer and dates would not be checked",
           fmt::format("where you trust it anyway: openssl x509 -pubkey -noout -in {} >key.pub", subject));
  }
  if (block.label.find("PRIVATE") != std::string::npos) {
    refuse(ErrorCode::unsupported, subject, "it is a private key, and a signature is checked by a public one",
           "name the .pub file that was made along");
  }
  refuse(ErrorCode::unsupported, subject, fmt::format("it is a {}", printable(block.label)),
         "a public key begins with -----BEGIN PUBLIC KEY-----");
}

KeyKind PublicKey::kind() const noexcept { return data_->kind; }
const std::string& PublicKey::der() const noexcept { return data_->der; }
std::string PublicKey::to_pem() const { return std::string(write_pem(kPublicLabel, data_->der).text()); }
Digest PublicKey::id() const { return Digest::of(data_->der); }

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  const DigestContext context(require_handle(EVP_MD_CTX_new()));
  const auto* digest = data_->kind == KeyKind::ecdsa_p256 ? EVP_sha256() : nullptr;
  require_success(EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, data_->key.get()), "check a signature");
  // OpenSSL compares DER signatures with their canonical form.
  const int result =
      EVP_DigestVerify(context.get(), as_octets(signature), signature.size(), as_octets(message), message.size());
  ERR_clear_error();
  return result == 1;
}

struct SigningKey::Data {
  PkeyHandle key;  // OpenSSL wipes it
};

namespace {

PkeyHandle read_private(const SecretBytes& der, std::string_view subject) {
  auto key = read_pkcs8(der.text());
  if (!key) {
    refuse(ErrorCode::corrupt, subject, "its bytes are no PKCS#8 private key", "take the file from who made it again");
  }
  return key;
}

PkeyHandle read_private(const PemBlock& block, std::string_view subject, const AskPassphrase& ask) {
  if (block.label == kPlainLabel) return read_private(block.bytes, subject);
  if (block.label == kEncryptedLabel) {
    require_bounded_pbes2(block.bytes.text(), subject);
    return read_private(decrypt_pkcs8(block.bytes.text(), subject, ask()), subject);
  }
  if (block.label == kCosignLabel || block.label == kOldCosignLabel) {
    return read_private(decrypt_cosign_key(parse_cosign_key(block.bytes.text(), subject), subject, ask()), subject);
  }
  if (block.label == "EC PRIVATE KEY") {
    refuse(ErrorCode::unsupported, subject, "it is a key in the form of SEC 1",
           fmt::format("write it as PKCS#8: openssl pkcs8 -topk8 -in {} -out key.pem", subject));
  }
  if (block.label.ends_with("PRIVATE KEY")) {
    refuse(ErrorCode::unsupported, subject, fmt::format("its form, {}, is not read here", printable(block.label)),
           "write an ECDSA P-256 or Ed25519 key as PKCS#8, or make one with `ociassemble generate-key NAME`");
  }
  refuse(ErrorCode::unsupported, subject, fmt::format("it is a {}, not a private key", printable(block.label)),
         "a private key begins with -----BEGIN PRIVATE KEY----- or an ENCRYPTED one");
}

}  // namespace

SigningKey SigningKey::generate(KeyKind kind) {
  auto* made = kind == KeyKind::ecdsa_p256 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")
                                           : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  auto data = std::make_shared<Data>();
  data->key.reset(require_handle(made));
  const auto der = public_der(data->key.get());
  return {std::move(data), PublicKey(PublicKey::Data::of(der, "that was made"))};
}

SigningKey SigningKey::parse(std::string_view pem, std::string_view subject, const AskPassphrase& ask) {
  const auto block = parse_pem(pem, subject);
  auto data = std::make_shared<Data>();
  data->key = read_private(block, subject, ask);
  kind_of(data->key.get(), subject);
  const PkeyContext context(require_handle(EVP_PKEY_CTX_new(data->key.get(), nullptr)));
  const bool is_consistent =
      EVP_PKEY_get_base_id(data->key.get()) != EVP_PKEY_EC || EVP_PKEY_pairwise_check(context.get()) == 1;
  ERR_clear_error();
  if (!is_consistent) {
    refuse(ErrorCode::corrupt, subject, "its private and its public part do not belong together",
           "take the file from who made it again");
  }
  const auto der = public_der(data->key.get());
  return {std::move(data), PublicKey(PublicKey::Data::of(der, subject))};
}

std::string SigningKey::sign(std::string_view message) const {
  if (public_.kind() == KeyKind::ecdsa_p256) return sign_deterministically(data_->key.get(), sha256_of(message));
  const DigestContext context(require_handle(EVP_MD_CTX_new()));
  require_success(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, data_->key.get()), "sign");
  std::string signature(64, '\0');
  auto size = signature.size();
  require_success(EVP_DigestSign(context.get(), as_octets(signature.data()), &size, as_octets(message), message.size()),
                  "sign");
  signature.resize(size);
  return signature;
}

SecretBytes SigningKey::to_pem(const SecretBytes* passphrase) const {
  const auto der = write_pkcs8(data_->key.get());
  if (passphrase == nullptr) return write_pem(kPlainLabel, der.text());
  return write_pem(kCosignLabel, encrypt_cosign_key(der.text(), *passphrase));
}

}  // namespace ociassemble
