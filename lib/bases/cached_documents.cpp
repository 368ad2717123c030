// SPDX-License-Identifier: Apache-2.0
#include "bases/cached_documents.hpp"

#include <utility>

#include "bases/base.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/manifest.hpp"
#include "ociassemble/media_type.hpp"
#include "store/record_cache.hpp"

namespace ociassemble {
namespace {

constexpr const char* kDocuments = "documents";       // by their digests
constexpr const char* kNames = "documents-of-names";  // the digest that a name had last, by the name's digest

class DocumentCache {
 public:
  explicit DocumentCache(RecordCache cache) : cache_(std::move(cache)) {}

  std::optional<std::string> find(const Descriptor& descriptor) const {
    const auto record = cache_.find(kDocuments, descriptor.digest);
    if (!record) return {};
    std::string text(record->bytes);
    const bool right = text.size() == descriptor.size &&
                       Digest::of(std::string_view(text), descriptor.digest.algorithm()) == descriptor.digest;
    return right ? std::optional(std::move(text)) : std::nullopt;
  }
  void put(const Digest& digest, std::string_view text) { cache_.put(kDocuments, digest, text); }

  bool knows(const Reference& name) const { return cache_.find(kNames, key_of(name)).has_value(); }
  void note(const Reference& name, const Digest& digest) { cache_.put(kNames, key_of(name), digest.to_string()); }

 private:
  static Digest key_of(const Reference& name) { return Digest::of(name.to_string()); }

  RecordCache cache_;
};

class CachedDocuments : public BlobReader {
 public:
  CachedDocuments(std::shared_ptr<BlobReader> from, std::shared_ptr<DocumentCache> cache)
      : from_(std::move(from)), cache_(std::move(cache)) {}

  std::unique_ptr<Source> open(const Descriptor& descriptor) override {
    const auto& type = descriptor.media_type;
    if (!is_manifest_type(type) && !is_index_type(type) && !is_config_type(type)) return from_->open(descriptor);
    auto text = cache_->find(descriptor);
    if (!text) {
      text = BlobStore::read(*from_, descriptor, kMaxManifestSize);
      cache_->put(descriptor.digest, *text);
    }
    return std::make_unique<StringSource>(std::move(*text));
  }
  std::optional<std::string> repository() const override { return from_->repository(); }

 private:
  const std::shared_ptr<BlobReader> from_;
  const std::shared_ptr<DocumentCache> cache_;
};

// Nothing where the registry does not say, or says something new.
std::optional<Document> open_unchanged(RegistryClient& client, const Reference& reference, const DocumentCache& cache) {
  try {
    auto descriptor = client.find(reference);
    auto json = descriptor ? cache.find(*descriptor) : std::nullopt;
    if (!json) return {};
    document_kind(*json, descriptor->media_type);
    return Document{std::move(*descriptor), std::move(*json), client.blobs(reference)};
  } catch (const HttpError&) {
    return {};  // what is refused is told by who pulls
  }
}

}  // namespace

Document open_cached_document(const Reference& reference, const Workplace& workplace) {
  const auto client = client_of(workplace);
  auto records = open_record_cache(workplace);
  if (!records) return client->open(reference);
  const auto cache = std::make_shared<DocumentCache>(std::move(*records));
  auto document = cache->knows(reference) ? open_unchanged(*client, reference, *cache) : std::nullopt;
  if (!document) {
    document = client->open(reference);
    cache->put(document->descriptor.digest, document->json);
    cache->note(reference, document->descriptor.digest);
  }
  document->blobs = std::make_shared<CachedDocuments>(std::move(document->blobs), cache);
  return std::move(*document);
}

}  // namespace ociassemble
