// SPDX-License-Identifier: Apache-2.0
#include "sign/secretbox.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

#include "sign/openssl.hpp"

namespace ociassemble {
namespace {

using Words = std::array<std::uint32_t, 16>;
constexpr std::size_t kBlock = 64;
constexpr std::size_t kTag = 16;
constexpr std::array<std::uint32_t, 4> kSigma{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};  // "expand 32-byte k"
constexpr const char* kBoxAction = "open an encrypted key";

std::uint32_t load(const unsigned char* from) {
  return std::uint32_t{from[0]} | std::uint32_t{from[1]} << 8U | std::uint32_t{from[2]} << 16U |
         std::uint32_t{from[3]} << 24U;
}
void store(std::uint32_t word, unsigned char* to) {
  for (unsigned i = 0; i < 4; ++i) to[i] = static_cast<unsigned char>(word >> 8U * i);
}

void quarter_round(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c, std::uint32_t& d) {
  b ^= std::rotl(a + d, 7);
  c ^= std::rotl(b + a, 9);
  d ^= std::rotl(c + b, 13);
  a ^= std::rotl(d + c, 18);
}

// Ten double rounds: columns, then rows.
void salsa_rounds(Words& x) {
  for (int round = 0; round < 10; ++round) {
    quarter_round(x[0], x[4], x[8], x[12]);
    quarter_round(x[5], x[9], x[13], x[1]);
    quarter_round(x[10], x[14], x[2], x[6]);
    quarter_round(x[15], x[3], x[7], x[11]);
    quarter_round(x[0], x[1], x[2], x[3]);
    quarter_round(x[5], x[6], x[7], x[4]);
    quarter_round(x[10], x[11], x[8], x[9]);
    quarter_round(x[15], x[12], x[13], x[14]);
  }
}

// The key's words around 16 bytes of input, as Salsa20 lays them out.
Words expand(const BoxKey& key, const unsigned char* input) {
  Words words{};
  for (std::size_t i = 0; i < 4; ++i) {
    words[5 * i] = kSigma[i];
    words[1 + i] = load(key.data() + 4 * i);
    words[6 + i] = load(input + 4 * i);
    words[11 + i] = load(key.data() + 16 + 4 * i);
  }
  return words;
}

void wipe(auto& bytes) { OPENSSL_cleanse(bytes.data(), sizeof(bytes)); }

BoxKey hsalsa(const BoxKey& key, const unsigned char* nonce) {
  auto words = expand(key, nonce);
  salsa_rounds(words);
  BoxKey subkey{};
  for (std::size_t i = 0; i < 4; ++i) {
    store(words[5 * i], subkey.data() + 4 * i);
    store(words[6 + i], subkey.data() + 16 + 4 * i);
  }
  wipe(words);
  return subkey;
}

// XSalsa20's stream, laid over what is given, in order.
class Stream {
 public:
  Stream(const BoxNonce& nonce, const BoxKey& key) : subkey_(hsalsa(key, nonce.data())) {
    std::copy(nonce.begin() + 16, nonce.end(), input_.begin());
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    wipe(subkey_);
    wipe(block_);
  }

  void apply(std::span<unsigned char> bytes) {
    for (auto& byte : bytes) {
      if (used_ == kBlock) next_block();
      byte = static_cast<unsigned char>(byte ^ block_[used_++]);
    }
  }

 private:
  void next_block() {
    store(static_cast<std::uint32_t>(counter_), input_.data() + 8);
    store(static_cast<std::uint32_t>(counter_ >> 32U), input_.data() + 12);
    ++counter_;
    const auto initial = expand(subkey_, input_.data());
    auto words = initial;
    salsa_rounds(words);
    for (std::size_t i = 0; i < words.size(); ++i) store(words[i] + initial[i], block_.data() + 4 * i);
    wipe(words);
    used_ = 0;
  }

  BoxKey subkey_;
  std::array<unsigned char, 16> input_{};
  std::array<unsigned char, kBlock> block_{};
  std::uint64_t counter_ = 0;
  std::size_t used_ = kBlock;
};

std::array<unsigned char, kTag> authenticate(std::span<const unsigned char> bytes, const BoxKey& key) {
  const MacHandle mac(require_handle(EVP_MAC_fetch(nullptr, "POLY1305", nullptr)));
  const MacContext context(require_handle(EVP_MAC_CTX_new(mac.get())));
  require_success(EVP_MAC_init(context.get(), key.data(), key.size(), nullptr), kBoxAction);
  require_success(EVP_MAC_update(context.get(), bytes.data(), bytes.size()), kBoxAction);
  std::array<unsigned char, kTag> tag{};
  std::size_t length = 0;
  require_success(EVP_MAC_final(context.get(), tag.data(), &length, tag.size()), kBoxAction);
  return tag;
}

}  // namespace

std::string seal_box(std::string_view message, const BoxNonce& nonce, const BoxKey& key) {
  Stream stream(nonce, key);
  BoxKey once{};
  stream.apply(once);
  std::string box(kTag, '\0');
  box += message;
  const std::span<unsigned char> bytes(as_octets(box.data()), box.size());
  stream.apply(bytes.subspan(kTag));
  const auto tag = authenticate(bytes.subspan(kTag), once);
  std::copy(tag.begin(), tag.end(), bytes.begin());
  wipe(once);
  return box;
}

std::optional<SecretBytes> open_box(std::string_view box, const BoxNonce& nonce, const BoxKey& key) {
  if (box.size() < kTag) return {};
  Stream stream(nonce, key);
  BoxKey once{};
  stream.apply(once);
  const std::span<const unsigned char> bytes(as_octets(box), box.size());
  const auto tag = authenticate(bytes.subspan(kTag), once);
  wipe(once);
  if (CRYPTO_memcmp(tag.data(), bytes.data(), kTag) != 0) return {};
  auto message = SecretBytes::copy_of(box.substr(kTag));
  stream.apply({as_octets(message.data()), message.size()});
  return message;
}

}  // namespace ociassemble
