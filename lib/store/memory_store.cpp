// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/guarded.hpp"
#include "digest/hasher.hpp"
#include "ociassemble/blob_store.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

using Bytes = std::shared_ptr<const std::string>;
using Blobs = Guarded<std::map<Digest, Bytes>>;

// Keeps the bytes alive, so that it may outlive the store.
class SharedBytesSource : public Source {
 public:
  explicit SharedBytesSource(Bytes bytes) : bytes_(std::move(bytes)) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const auto count = std::min(buffer.size(), bytes_->size() - position_);
    if (count != 0) std::memcpy(buffer.data(), bytes_->data() + position_, count);
    position_ += count;
    return count;
  }

 private:
  Bytes bytes_;
  std::size_t position_ = 0;
};

class MemoryBlobWriter : public BlobWriter {
 public:
  explicit MemoryBlobWriter(std::shared_ptr<Blobs> blobs) : blobs_(std::move(blobs)) {}

  void write(std::span<const std::byte> bytes) override { bytes_ += as_text(bytes); }

  Descriptor commit(std::string_view media_type) override {
    Descriptor descriptor{.media_type = std::string(media_type), .digest = Digest::of(bytes_), .size = bytes_.size()};
    publish(descriptor.digest);
    return descriptor;
  }

  void commit(const Descriptor& expected) override {
    const auto name = fmt::format("blob {}", expected.digest.to_string());
    if (bytes_.size() != expected.size) {
      throw Error(ErrorCode::corrupt,
                  fmt::format("cannot store {}: {} bytes instead of the {} that its descriptor promises", name,
                              bytes_.size(), expected.size));
    }
    const auto actual = Digest::of(bytes_, expected.digest.algorithm());
    if (actual != expected.digest) throw DigestMismatch(name, expected.digest.to_string(), actual.to_string());
    publish(expected.digest);
  }

 private:
  void publish(const Digest& digest) {
    auto bytes = std::make_shared<const std::string>(std::move(bytes_));
    blobs_->with([&](auto& blobs) { blobs.emplace(digest, std::move(bytes)); });
  }

  std::shared_ptr<Blobs> blobs_;
  std::string bytes_;
};

// Its sources may outlive it.
class MemoryStore : public BlobStore {
 public:
  std::unique_ptr<Source> open(const Descriptor& descriptor) override {
    auto name = fmt::format("blob {}", descriptor.digest.to_string());
    auto bytes = find(descriptor.digest);
    if (!bytes) throw Error(ErrorCode::not_found, fmt::format("cannot read {}: there is no such blob", name));
    return std::make_unique<VerifyingSource>(std::make_unique<SharedBytesSource>(std::move(bytes)), descriptor.digest,
                                             descriptor.size, std::move(name));
  }

  std::unique_ptr<BlobWriter> begin() override { return std::make_unique<MemoryBlobWriter>(blobs_); }

  std::optional<std::uint64_t> size(const Digest& digest) const override {
    const auto bytes = find(digest);
    if (!bytes) return {};
    return bytes->size();
  }

 private:
  Bytes find(const Digest& digest) const {
    return blobs_->with([&](const auto& blobs) {
      const auto found = blobs.find(digest);
      return found == blobs.end() ? Bytes() : found->second;
    });
  }

  std::shared_ptr<Blobs> blobs_ = std::make_shared<Blobs>();
};

}  // namespace

std::shared_ptr<BlobStore> make_memory_store() { return std::make_shared<MemoryStore>(); }

}  // namespace ociassemble
