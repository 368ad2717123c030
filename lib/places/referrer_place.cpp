// SPDX-License-Identifier: Apache-2.0
#include "places/referrer_place.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "image/contents.hpp"
#include "layout/index_entries.hpp"
#include "layout/layout_referrers.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/places.hpp"

namespace ociassemble {
namespace {

class RegistryPlace : public ReferrerPlace {
 public:
  // Borrows the client.
  RegistryPlace(const Reference& reference, RegistryClient& client)
      : repository_(Reference::parse(reference.name())), client_(client) {}

  std::vector<Descriptor> referrers(const Digest& subject) override { return client_.referrers(repository_, subject); }
  std::optional<Document> tagged(const std::string& tag) override {
    const auto reference = repository_.with_tag(tag);
    if (!client_.find(reference)) return {};
    return client_.open(reference);
  }
  Document open(const Descriptor& manifest) override { return client_.open(repository_, manifest); }

 private:
  Reference repository_;
  RegistryClient& client_;
};

// A layout or an archive: its index is read once.
class LayoutPlace : public ReferrerPlace {
 public:
  LayoutPlace(Index index, std::shared_ptr<BlobReader> blobs)
      : index_(std::move(index)), blobs_(std::move(blobs)), referrers_(referrers_in(index_, *blobs_)) {}

  std::vector<Descriptor> referrers(const Digest& subject) override {
    std::vector<Descriptor> found;
    const auto [begin, end] = referrers_.equal_range(subject);
    for (auto entry = begin; entry != end; ++entry) found.push_back(entry->second);
    return found;
  }
  std::optional<Document> tagged(const std::string& tag) override {
    for (const auto& entry : index_.manifests) {
      const auto name = entry.annotations.find(std::string(kRefNameAnnotation));
      if (name != entry.annotations.end() && name->second == tag) return open(entry);
    }
    return {};
  }
  Document open(const Descriptor& manifest) override { return read_document(manifest, blobs_); }

 private:
  Index index_;
  std::shared_ptr<BlobReader> blobs_;
  std::multimap<Digest, Descriptor> referrers_;
};

}  // namespace

std::unique_ptr<ReferrerPlace> open_referrer_place(const Location& where, RegistryClient& client,
                                                   const Workplace& workplace) {
  switch (where.kind) {
    case Location::Kind::registry:
      return std::make_unique<RegistryPlace>(*where.reference, client);
    case Location::Kind::oci_layout: {
      const auto layout = OciLayout::open(where.path);
      return std::make_unique<LayoutPlace>(layout.index(), layout.blobs());
    }
    case Location::Kind::oci_archive: {
      const auto index = open_oci_archive_index(where.path, workplace.stop);
      return std::make_unique<LayoutPlace>(Index::parse(index.json), index.blobs);
    }
    default:
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("cannot look for referrers in {}: it cannot hold any", where.to_string()),
                  "a registry, oci:DIR and oci-archive:FILE can");
  }
}

}  // namespace ociassemble
