// SPDX-License-Identifier: Apache-2.0

#include <cstring>
#include <utility>

#include "ociassemble/signing_key.hpp"
#include "sign/openssl.hpp"

namespace ociassemble {

SecretBytes::SecretBytes(std::size_t size) : bytes_(std::make_unique<char[]>(size)), size_(size), capacity_(size) {}

SecretBytes SecretBytes::copy_of(std::string_view text) {
  SecretBytes secret(text.size());
  if (!text.empty()) std::memcpy(secret.data(), text.data(), text.size());
  return secret;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : bytes_(std::move(other.bytes_)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  bytes_ = std::move(other.bytes_);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  return *this;
}

SecretBytes::~SecretBytes() { wipe(); }

void SecretBytes::shrink(std::size_t size) noexcept {
  if (size < size_) size_ = size;
}

void SecretBytes::wipe() noexcept {
  if (bytes_) OPENSSL_cleanse(bytes_.get(), capacity_);
}

}  // namespace ociassemble
