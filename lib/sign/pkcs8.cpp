// SPDX-License-Identifier: Apache-2.0
#include "sign/pkcs8.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace ociassemble {
namespace {

constexpr std::uint64_t kMostRounds = 10'000'000;
constexpr std::uint64_t kMostLanes = 16;

using Pbes2 = std::unique_ptr<PBE2PARAM, OpensslFree<&PBE2PARAM_free>>;
using Pbkdf2 = std::unique_ptr<PBKDF2PARAM, OpensslFree<&PBKDF2PARAM_free>>;
using ScryptParameters = std::unique_ptr<SCRYPT_PARAMS, OpensslFree<&SCRYPT_PARAMS_free>>;

[[noreturn]] void refuse_encryption(std::string_view subject) {
  throw Error(ErrorCode::unsupported,
              fmt::format("cannot decrypt {}: it is not encrypted by PBES2 within the limits", subject),
              fmt::format("encrypt it anew: openssl pkcs8 -topk8 -v2 aes-256-cbc -in {} -out key.pem", subject));
}

EncryptedHandle parse_encrypted(std::string_view der, std::string_view subject) {
  const auto* at = as_octets(der);
  EncryptedHandle encrypted(d2i_X509_SIG(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (encrypted && at == as_octets(der) + der.size()) return encrypted;
  throw Error(ErrorCode::corrupt, fmt::format("cannot use the key {}: its bytes are no encrypted PKCS#8 key", subject),
              "take the file from who made it again");
}

bool is_within(const ASN1_INTEGER* number, std::uint64_t limit) {
  std::uint64_t value = 0;
  return number != nullptr && ASN1_INTEGER_get_uint64(&value, number) == 1 && value <= limit;
}

template <class Handle>
Handle unpack(const ASN1_ITEM* item, const X509_ALGOR* algorithm) {
  using Value = typename Handle::pointer;
  return Handle(static_cast<Value>(ASN1_TYPE_unpack_sequence(item, algorithm->parameter)));
}

bool is_bounded(const X509_ALGOR* derivation) {
  const int kind = OBJ_obj2nid(derivation->algorithm);
  if (kind == NID_id_pbkdf2) {
    const auto parameters = unpack<Pbkdf2>(ASN1_ITEM_rptr(PBKDF2PARAM), derivation);
    return parameters && is_within(parameters->iter, kMostRounds);
  }
  if (kind != NID_id_scrypt) return false;
  const auto parameters = unpack<ScryptParameters>(ASN1_ITEM_rptr(SCRYPT_PARAMS), derivation);
  return parameters && is_within(parameters->parallelizationParameter, kMostLanes);
}

}  // namespace

PkeyHandle read_pkcs8(std::string_view der) {
  const auto* at = as_octets(der);
  const Pkcs8Handle info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  PkeyHandle key(info && at == as_octets(der) + der.size() ? EVP_PKCS82PKEY(info.get()) : nullptr);
  ERR_clear_error();
  return key;
}

SecretBytes write_pkcs8(EVP_PKEY* key) {
  const Pkcs8Handle info(require_handle(EVP_PKEY2PKCS8(key)));
  unsigned char* bytes = nullptr;
  const int length = i2d_PKCS8_PRIV_KEY_INFO(info.get(), &bytes);
  require_success(length > 0 ? 1 : 0, "write a private key");
  auto der = SecretBytes::copy_of({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length)});
  OPENSSL_clear_free(bytes, static_cast<std::size_t>(length));
  return der;
}

void require_bounded_pbes2(std::string_view der, std::string_view subject) {
  const auto encrypted = parse_encrypted(der, subject);
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(encrypted.get(), &algorithm, nullptr);
  if (OBJ_obj2nid(algorithm->algorithm) != NID_pbes2) refuse_encryption(subject);
  const auto parameters = unpack<Pbes2>(ASN1_ITEM_rptr(PBE2PARAM), algorithm);
  const bool is_taken = parameters && is_bounded(parameters->keyfunc);
  ERR_clear_error();
  if (!is_taken) refuse_encryption(subject);
}

SecretBytes decrypt_pkcs8(std::string_view der, std::string_view subject, const SecretBytes& passphrase) {
  const auto encrypted = parse_encrypted(der, subject);
  const Pkcs8Handle info(PKCS8_decrypt(encrypted.get(), passphrase.text().data(), static_cast<int>(passphrase.size())));
  ERR_clear_error();
  if (!info) {
    throw Error(ErrorCode::unauthorized, fmt::format("cannot decrypt {}: the passphrase is wrong", subject),
                "give the right one by --passphrase-file or COSIGN_PASSWORD");
  }
  unsigned char* bytes = nullptr;
  const int length = i2d_PKCS8_PRIV_KEY_INFO(info.get(), &bytes);
  require_success(length > 0 ? 1 : 0, "read a private key");
  auto plain = SecretBytes::copy_of({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length)});
  OPENSSL_clear_free(bytes, static_cast<std::size_t>(length));
  return plain;
}

}  // namespace ociassemble
