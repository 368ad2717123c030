// SPDX-License-Identifier: Apache-2.0
#include "bases/locked_blobs.hpp"

#include <fmt/format.h>

#include "digest/hasher.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

bool is_layer(const Descriptor& descriptor) {
  return is_layer_type(descriptor.media_type) || is_foreign_layer_type(descriptor.media_type);
}

// The registry, for what a required lock lets through: layers alone.
class LayersOnly : public BlobReader {
 public:
  LayersOnly(std::shared_ptr<BlobReader> from, std::string base) : from_(std::move(from)), base_(std::move(base)) {}

  std::unique_ptr<Source> open(const Descriptor& descriptor) override {
    if (is_layer(descriptor)) return from_->open(descriptor);
    const auto platform = descriptor.platform ? descriptor.platform->normalised().to_string() : "this platform";
    throw Error(ErrorCode::check_failed,
                fmt::format("cannot use base {}: the lock file does not pin it for {}", base_, platform),
                fmt::format("ociassemble lock --base {} --platform {} pins it", base_,
                            descriptor.platform ? platform : "OS/ARCH"));
  }
  std::optional<std::string> repository() const override { return from_->repository(); }

 private:
  const std::shared_ptr<BlobReader> from_;
  const std::string base_;
};

Document document_of(const LockedBase& locked, std::shared_ptr<BlobReader> beyond) {
  const auto& json = locked.documents.at(locked.digest);
  return {{.media_type = locked.media_type, .digest = locked.digest, .size = json.size()},
          json,
          std::make_shared<LockedBlobs>(locked.documents, std::move(beyond))};
}

}  // namespace

std::unique_ptr<Source> LockedBlobs::open(const Descriptor& descriptor) {
  const auto found = documents_.find(descriptor.digest);
  if (found != documents_.end()) {
    return std::make_unique<VerifyingSource>(std::make_unique<StringSource>(found->second), descriptor.digest,
                                             descriptor.size,
                                             fmt::format("document {} of the lock", descriptor.digest.to_string()));
  }
  if (beyond_) return beyond_->open(descriptor);
  throw Error(ErrorCode::not_found,
              fmt::format("cannot find {}: the lock does not have it", descriptor.digest.to_string()));
}

std::optional<std::string> LockedBlobs::repository() const {
  return beyond_ ? beyond_->repository() : std::optional<std::string>();
}

std::unique_ptr<Source> RecordingBlobs::open(const Descriptor& descriptor) {
  if (is_layer(descriptor)) return from_->open(descriptor);
  auto bytes = BlobStore::read(*from_, descriptor, kMaxManifestSize);
  documents_.insert_or_assign(descriptor.digest, bytes);
  return std::make_unique<StringSource>(std::move(bytes));
}

Document locked_document(const LockedBase& locked, const Reference& base, LockUse use, const Workplace& workplace) {
  const auto client = client_of(workplace);
  auto registry = client->blobs(base);
  if (use == LockUse::required) registry = std::make_shared<LayersOnly>(std::move(registry), base.to_string());
  return document_of(locked, std::move(registry));
}

Document locked_document(const LockedBase& locked) { return document_of(locked, nullptr); }

}  // namespace ociassemble
