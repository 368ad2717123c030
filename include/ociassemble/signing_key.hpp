// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ociassemble/digest.hpp"
#include "ociassemble/export.hpp"

namespace ociassemble {

// Bytes that nobody else may see: a passphrase, a private key. Never copied; overwritten when they go.
class OCIASSEMBLE_EXPORT SecretBytes {
 public:
  SecretBytes() = default;
  // So many zero bytes, to be filled.
  explicit SecretBytes(std::size_t size);
  static SecretBytes copy_of(std::string_view text);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  char* data() noexcept { return bytes_.get(); }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view text() const noexcept { return {bytes_.get(), size_}; }
  // Keeps the first `size` bytes.
  void shrink(std::size_t size) noexcept;

 private:
  void wipe() noexcept;

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// ECDSA over P-256 with SHA-256, or pure Ed25519 (RFC 8032).
enum class KeyKind { ecdsa_p256, ed25519 };

// "ecdsa-p256", "ed25519". parse_key_kind() throws Error{invalid_argument}.
OCIASSEMBLE_EXPORT std::string_view key_kind_name(KeyKind kind) noexcept;
OCIASSEMBLE_EXPORT KeyKind parse_key_kind(std::string_view text);

// A public key that signatures are checked with. An immutable value, safe to share between threads.
class OCIASSEMBLE_EXPORT PublicKey {
 public:
  // From PEM, "-----BEGIN PUBLIC KEY-----" (RFC 7468). `subject` names the file in errors. Throws Error{corrupt} for
  // what is no such key and for a point that is not on its curve or has a low order, Error{unsupported} for another
  // algorithm or curve, and for a certificate: nothing here judges one.
  static PublicKey parse(std::string_view pem, std::string_view subject);

  KeyKind kind() const noexcept;
  // SubjectPublicKeyInfo (RFC 5280) in DER.
  const std::string& der() const noexcept;
  std::string to_pem() const;
  // SHA-256 over der().
  Digest id() const;
  // Whether the signature is this key's for the message. An ECDSA signature has to be DER, canonical to its last byte.
  bool verifies(std::string_view message, std::string_view signature) const;

  bool operator==(const PublicKey& other) const noexcept { return der() == other.der(); }

 private:
  friend class SigningKey;
  struct Data;
  explicit PublicKey(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

  std::shared_ptr<const Data> data_;
};

// Gives the passphrase of an encrypted key; called only for one.
using AskPassphrase = std::function<SecretBytes()>;

// A private key. An immutable value, safe to share between threads; its bytes are wiped with the last owner.
class OCIASSEMBLE_EXPORT SigningKey {
 public:
  static SigningKey generate(KeyKind kind);
  // From PEM: PKCS#8 ("PRIVATE KEY"), PKCS#8 encrypted by PBES2 ("ENCRYPTED PRIVATE KEY", RFC 8018), or cosign's
  // encrypted key ("ENCRYPTED SIGSTORE PRIVATE KEY"). `subject` names the file in errors. Throws Error{corrupt},
  // Error{unsupported}, and Error{unauthorized} for a wrong passphrase.
  static SigningKey parse(std::string_view pem, std::string_view subject, const AskPassphrase& ask);

  const PublicKey& public_key() const noexcept { return public_; }
  // The same message gives the same signature: ECDSA takes its nonce by RFC 6979. ECDSA signatures are DER.
  std::string sign(std::string_view message) const;
  // PEM: cosign's encrypted form with a passphrase, which cosign reads, too; else plain PKCS#8.
  SecretBytes to_pem(const SecretBytes* passphrase) const;

 private:
  struct Data;
  SigningKey(std::shared_ptr<const Data> data, PublicKey public_key)
      : data_(std::move(data)), public_(std::move(public_key)) {}

  std::shared_ptr<const Data> data_;
  PublicKey public_;
};

}  // namespace ociassemble
