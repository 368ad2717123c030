// SPDX-License-Identifier: Apache-2.0
#include "sign/deterministic_ecdsa.hpp"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>

#include "sign/openssl.hpp"

namespace ociassemble {
namespace {

using EcKey = std::unique_ptr<EC_KEY, OpensslFree<&EC_KEY_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, OpensslFree<&ECDSA_SIG_free>>;
constexpr const char* kAction = "sign";
constexpr std::size_t kOctets = 32;  // of the order of P-256, and of SHA-256

// HMAC_K(V || …) of RFC 6979, section 3.2. Wipes what it holds.
class NonceGenerator {
 public:
  NonceGenerator(const Sha256Bytes& private_octets, const Sha256Bytes& hash_octets) {
    value_.fill(1);
    key_.fill(0);
    for (unsigned char step = 0; step < 2; ++step) {
      update_key({std::span(&step, 1), private_octets, hash_octets});
      update_value();
    }
  }
  NonceGenerator(const NonceGenerator&) = delete;
  NonceGenerator& operator=(const NonceGenerator&) = delete;
  ~NonceGenerator() {
    OPENSSL_cleanse(key_.data(), key_.size());
    OPENSSL_cleanse(value_.data(), value_.size());
  }

  const Sha256Bytes& next() {
    if (!is_first_) {
      const unsigned char zero = 0;
      update_key({std::span(&zero, 1)});
      update_value();
    }
    is_first_ = false;
    update_value();
    return value_;
  }

 private:
  void update_key(std::initializer_list<std::span<const unsigned char>> parts) {
    std::array<unsigned char, 3 * kOctets + 1> message{};
    auto end = std::copy(value_.begin(), value_.end(), message.begin());
    for (const auto part : parts) end = std::copy(part.begin(), part.end(), end);
    hmac({message.data(), static_cast<std::size_t>(end - message.begin())}, key_);
    OPENSSL_cleanse(message.data(), message.size());
  }
  void update_value() { hmac(value_, value_); }
  void hmac(std::span<const unsigned char> message, Sha256Bytes& to) {
    Sha256Bytes result{};
    unsigned int length = 0;
    const auto* made = HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), message.data(), message.size(),
                            result.data(), &length);
    require_success(made != nullptr && length == kOctets ? 1 : 0, kAction);
    to = result;
    OPENSSL_cleanse(result.data(), result.size());
  }

  Sha256Bytes key_{};
  Sha256Bytes value_{};
  bool is_first_ = true;
};

struct Wiped {
  Sha256Bytes octets{};
  Wiped() = default;
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { OPENSSL_cleanse(octets.data(), octets.size()); }
};

void write_octets(const BIGNUM* number, Sha256Bytes& to) {
  require_success(BN_bn2binpad(number, to.data(), static_cast<int>(to.size())) == static_cast<int>(to.size()) ? 1 : 0,
                  kAction);
}

// bits2octets: the hash as a number below the order.
void reduce_hash(const Sha256Bytes& hash, const BIGNUM* order, BN_CTX* context, Sha256Bytes& to) {
  const BignumHandle number(require_handle(BN_bin2bn(hash.data(), static_cast<int>(hash.size()), nullptr)));
  require_success(BN_nnmod(number.get(), number.get(), order, context), kAction);
  write_octets(number.get(), to);
}

// k^-1 by Fermat's little theorem: k^(n-2), since the order n is a prime.
BignumHandle inverse(const BIGNUM* nonce, const BIGNUM* order, BN_CTX* context) {
  BignumHandle exponent(require_handle(BN_dup(order)));
  require_success(BN_sub_word(exponent.get(), 2), kAction);
  BignumHandle result(require_handle(BN_secure_new()));
  require_success(BN_mod_exp_mont_consttime(result.get(), nonce, exponent.get(), order, context, nullptr), kAction);
  return result;
}

// r: the x coordinate of k·G, below the order; 0 has to be tried anew.
BignumHandle nonce_point(const EC_GROUP* group, const BIGNUM* nonce, const BIGNUM* order, BN_CTX* context) {
  const PointHandle point(require_handle(EC_POINT_new(group)));
  require_success(EC_POINT_mul(group, point.get(), nonce, nullptr, nullptr, context), kAction);
  BignumHandle x(require_handle(BN_new()));
  require_success(EC_POINT_get_affine_coordinates(group, point.get(), x.get(), nullptr, context), kAction);
  require_success(BN_nnmod(x.get(), x.get(), order, context), kAction);
  return x;
}

std::string to_der(const ECDSA_SIG* signature) {
  unsigned char* bytes = nullptr;
  const int length = i2d_ECDSA_SIG(signature, &bytes);
  require_success(length > 0 ? 1 : 0, kAction);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  return der;
}

}  // namespace

std::string sign_deterministically(EVP_PKEY* key, const Sha256Bytes& hash) {
  const EcKey ec(require_handle(EVP_PKEY_get1_EC_KEY(key)));
  const auto* group = EC_KEY_get0_group(ec.get());
  const auto* order = EC_GROUP_get0_order(group);
  const BignumContext context(require_handle(BN_CTX_secure_new()));
  Wiped private_octets;
  Wiped hash_octets;
  write_octets(EC_KEY_get0_private_key(ec.get()), private_octets.octets);
  reduce_hash(hash, order, context.get(), hash_octets.octets);
  NonceGenerator nonces(private_octets.octets, hash_octets.octets);
  while (true) {
    const auto& octets = nonces.next();
    const BignumHandle nonce(require_handle(BN_secure_new()));
    require_success(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nonce.get()) != nullptr ? 1 : 0, kAction);
    BN_set_flags(nonce.get(), BN_FLG_CONSTTIME);
    if (BN_is_zero(nonce.get()) || BN_cmp(nonce.get(), order) >= 0) continue;
    const auto r = nonce_point(group, nonce.get(), order, context.get());
    if (BN_is_zero(r.get())) continue;
    const auto inverted = inverse(nonce.get(), order, context.get());
    const EcSignature signature(
        ECDSA_do_sign_ex(hash.data(), static_cast<int>(hash.size()), inverted.get(), r.get(), ec.get()));
    require_success(signature ? 1 : 0, kAction);
    require_success(ECDSA_do_verify(hash.data(), static_cast<int>(hash.size()), signature.get(), ec.get()), kAction);
    return to_der(signature.get());
  }
}

}  // namespace ociassemble
