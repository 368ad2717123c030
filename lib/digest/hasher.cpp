// SPDX-License-Identifier: Apache-2.0
#include "digest/hasher.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <new>
#include <utility>

#include "ociassemble/error.hpp"

namespace ociassemble {

struct Hasher::Context {
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> evp{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

namespace {

void require(int result) {
  if (result != 1) throw Error(ErrorCode::unsupported, "cannot compute a digest: OpenSSL refused");
}

}  // namespace

Hasher::Hasher(Digest::Algorithm algorithm) : context_(std::make_unique<Context>()), algorithm_(algorithm) {
  if (!context_->evp) throw std::bad_alloc();
  const EVP_MD* type = algorithm == Digest::Algorithm::sha256 ? EVP_sha256() : EVP_sha512();
  require(EVP_DigestInit_ex(context_->evp.get(), type, nullptr));
}

Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(std::span<const std::byte> bytes) {
  require(EVP_DigestUpdate(context_->evp.get(), bytes.data(), bytes.size()));
}

Digest Hasher::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned int length = 0;
  require(EVP_DigestFinal_ex(context_->evp.get(), raw.data(), &length));
  std::string text = algorithm_ == Digest::Algorithm::sha256 ? "sha256:" : "sha512:";
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (unsigned int i = 0; i < length; ++i) {
    text += kDigits[raw[i] >> 4U];
    text += kDigits[raw[i] & 15U];
  }
  return {algorithm_, std::move(text)};
}

void HashSink::write(std::span<const std::byte> bytes) {
  hasher_.update(bytes);
  size_ += bytes.size();
  if (next_ != nullptr) next_->write(bytes);
}

std::size_t HashSource::read(std::span<std::byte> buffer) {
  const auto count = from_->read(buffer);
  hasher_.update(buffer.first(count));
  size_ += count;
  return count;
}

VerifyingSource::VerifyingSource(std::unique_ptr<Source> from, Digest expected, std::uint64_t size, std::string subject)
    : from_(std::move(from)),
      expected_(std::move(expected)),
      expected_size_(size),
      subject_(std::move(subject)),
      hasher_(expected_.algorithm()) {}

std::size_t VerifyingSource::read(std::span<std::byte> buffer) {
  if (finished_ || buffer.empty()) return 0;
  const auto count = from_->read(buffer);
  if (count == 0) {
    finish();
    return 0;
  }
  size_ += count;
  if (size_ > expected_size_) {
    throw Error(ErrorCode::corrupt, fmt::format("cannot trust {}: more than the {} bytes that its descriptor promises",
                                                subject_, expected_size_));
  }
  hasher_.update(buffer.first(count));
  return count;
}

void VerifyingSource::finish() {
  if (size_ < expected_size_) {
    throw Error(ErrorCode::corrupt,
                fmt::format("cannot trust {}: {} bytes instead of the {} that its descriptor promises", subject_, size_,
                            expected_size_));
  }
  if (!actual_) actual_ = hasher_.finish();
  if (*actual_ != expected_) throw DigestMismatch(subject_, expected_.to_string(), actual_->to_string());
  finished_ = true;
}

}  // namespace ociassemble
