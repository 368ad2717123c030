// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "ociassemble/digest.hpp"
#include "ociassemble/io.hpp"

namespace ociassemble {

// Computes one digest. One thread.
class Hasher {
 public:
  explicit Hasher(Digest::Algorithm algorithm = Digest::Algorithm::sha256);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  ~Hasher();

  void update(std::span<const std::byte> bytes);
  // The digest of all that was given. Called once.
  Digest finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  Digest::Algorithm algorithm_;
};

// Hashes and counts what is written to it, and passes it on to `next` where there is one (borrowed).
class HashSink : public Sink {
 public:
  explicit HashSink(Sink* next = nullptr, Digest::Algorithm algorithm = Digest::Algorithm::sha256)
      : hasher_(algorithm), next_(next) {}
  void write(std::span<const std::byte> bytes) override;
  std::uint64_t size() const noexcept { return size_; }
  // Called once, after the last write.
  Digest finish() { return hasher_.finish(); }

 private:
  Hasher hasher_;
  Sink* next_;
  std::uint64_t size_ = 0;
};

// Hashes and counts what is read through it. Owns the source that it reads.
class HashSource : public Source {
 public:
  explicit HashSource(std::unique_ptr<Source> from, Digest::Algorithm algorithm = Digest::Algorithm::sha256)
      : from_(std::move(from)), hasher_(algorithm) {}
  std::size_t read(std::span<std::byte> buffer) override;
  std::uint64_t size() const noexcept { return size_; }
  Digest finish() { return hasher_.finish(); }

 private:
  std::unique_ptr<Source> from_;
  Hasher hasher_;
  std::uint64_t size_ = 0;
};

// Reads exactly the bytes that were promised: throws DigestMismatch at the end when the digest differs, Error{corrupt}
// as soon as there are more bytes than `size`, or at the end when there are fewer. `subject` names the bytes in errors.
class VerifyingSource : public Source {
 public:
  VerifyingSource(std::unique_ptr<Source> from, Digest expected, std::uint64_t size, std::string subject);
  std::size_t read(std::span<std::byte> buffer) override;

 private:
  void finish();

  std::unique_ptr<Source> from_;
  Digest expected_;
  std::uint64_t expected_size_;
  std::string subject_;
  Hasher hasher_;
  std::uint64_t size_ = 0;
  std::optional<Digest> actual_;  // once all has been read
  bool finished_ = false;
};

}  // namespace ociassemble
