// SPDX-License-Identifier: Apache-2.0
#pragma once

// A nonce of ours (RFC 6979) can be given through functions alone that OpenSSL calls deprecated; it has deterministic
// ones itself from 3.2 on only.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "ociassemble/error.hpp"

namespace ociassemble {

// OpenSSL's handles, each owned by one pointer; what may hold a secret is wiped.
template <auto Free>
struct OpensslFree {
  template <class Handle>
  void operator()(Handle* handle) const noexcept {
    Free(handle);
  }
};
using PkeyHandle = std::unique_ptr<EVP_PKEY, OpensslFree<&EVP_PKEY_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, OpensslFree<&EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, OpensslFree<&EVP_MD_CTX_free>>;
using MacHandle = std::unique_ptr<EVP_MAC, OpensslFree<&EVP_MAC_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, OpensslFree<&EVP_MAC_CTX_free>>;
using BioHandle = std::unique_ptr<BIO, OpensslFree<&BIO_free_all>>;
using BignumHandle = std::unique_ptr<BIGNUM, OpensslFree<&BN_clear_free>>;
using BignumContext = std::unique_ptr<BN_CTX, OpensslFree<&BN_CTX_free>>;
using PointHandle = std::unique_ptr<EC_POINT, OpensslFree<&EC_POINT_clear_free>>;
using Pkcs8Handle = std::unique_ptr<PKCS8_PRIV_KEY_INFO, OpensslFree<&PKCS8_PRIV_KEY_INFO_free>>;
using EncryptedHandle = std::unique_ptr<X509_SIG, OpensslFree<&X509_SIG_free>>;

// What cannot fail but for memory and a broken OpenSSL.
template <class Handle>
Handle require_handle(Handle handle) {
  if (!handle) throw std::bad_alloc();
  return handle;
}
inline void require_success(int result, const char* action) {
  if (result != 1) throw Error(ErrorCode::unsupported, std::string("cannot ") + action + ": OpenSSL refused");
}

inline const unsigned char* as_octets(std::string_view bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* as_octets(char* bytes) noexcept { return reinterpret_cast<unsigned char*>(bytes); }

}  // namespace ociassemble
