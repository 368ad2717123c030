// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/referrers.hpp"

#include <fmt/format.h>

#include <array>
#include <set>
#include <utility>

#include "base/stop.hpp"
#include "base/text.hpp"
#include "image/contents.hpp"
#include "layout/index_entries.hpp"
#include "layout/layout_referrers.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/registry.hpp"
#include "places/referrer_search.hpp"
#include "registry/referrers.hpp"

namespace ociassemble {
namespace {

using Kind = Location::Kind;

constexpr int kDeepestReferrer = 8;
constexpr std::size_t kMostReferrers = 20000;
constexpr std::size_t kMostOpened = 200;  // manifests that are read for the size of what they hold
// cosign's tags for what it signs and attests.
constexpr std::array<std::string_view, 3> kCosignSuffixes{".sig", ".att", ".sbom"};

// A place that can be asked what refers to a digest.
class ReferrerPlace {
 public:
  ReferrerPlace() = default;
  ReferrerPlace(const ReferrerPlace&) = delete;
  ReferrerPlace& operator=(const ReferrerPlace&) = delete;
  virtual ~ReferrerPlace() = default;

  virtual std::vector<Descriptor> referrers(const Digest& subject) = 0;
  // The manifest under a tag; nothing where there is none.
  virtual std::optional<Document> tagged(const std::string& tag) = 0;
  virtual Document open(const Descriptor& manifest) = 0;
};

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

std::unique_ptr<ReferrerPlace> open_place(const Location& where, RegistryClient& client, const Workplace& workplace) {
  switch (where.kind) {
    case Kind::registry:
      return std::make_unique<RegistryPlace>(*where.reference, client);
    case Kind::oci_layout: {
      const auto layout = OciLayout::open(where.path);
      return std::make_unique<LayoutPlace>(layout.index(), layout.blobs());
    }
    case Kind::oci_archive: {
      const auto index = open_oci_archive_index(where.path, workplace.stop);
      return std::make_unique<LayoutPlace>(Index::parse(index.json), index.blobs);
    }
    default:
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("cannot look for referrers in {}: it cannot hold any", where.to_string()),
                  "a registry, oci:DIR and oci-archive:FILE can");
  }
}

class ReferrerWalk {
 public:
  ReferrerWalk(ReferrerPlace& place, const Workplace& workplace, ReferrerDetail detail)
      : place_(place), workplace_(workplace), to_open_(detail == ReferrerDetail::opened ? kMostOpened : 0) {}

  std::vector<Referrer> find(const Document& root) {
    std::vector<Referrer> found;
    const auto documents = all_documents(root, workplace_.stop);
    for (const auto& document : documents) seen_.insert(document.descriptor.digest);
    // The root first: it was asked for.
    for (auto document = documents.rbegin(); document != documents.rend(); ++document) {
      add(document->descriptor.digest, 1, found);
    }
    return found;
  }

 private:
  void add(const Digest& subject, int depth, std::vector<Referrer>& to) {
    throw_if_stopped(workplace_.stop);
    for (auto& entry : place_.referrers(subject)) take({.descriptor = std::move(entry), .subject = subject}, depth, to);
    if (subject.algorithm() != Digest::Algorithm::sha256) return;
    for (const auto suffix : kCosignSuffixes) {
      const auto tag = referrers_tag(subject) + std::string(suffix);
      if (const auto document = place_.tagged(tag)) {
        take({.descriptor = document->descriptor, .subject = subject, .tag = tag}, depth, to);
      }
    }
  }

  void take(Referrer referrer, int depth, std::vector<Referrer>& to) {
    if (!seen_.insert(referrer.descriptor.digest).second) return;
    if (seen_.size() > kMostReferrers) {
      throw Error(ErrorCode::unsupported, fmt::format("cannot list the referrers of {}: there are more than {}",
                                                      referrer.subject.to_string(), kMostReferrers));
    }
    if (to_open_ != 0) read_size(referrer);
    if (depth < kDeepestReferrer && referrer.tag.empty())
      add(referrer.descriptor.digest, depth + 1, referrer.referrers);
    to.push_back(std::move(referrer));
  }

  void read_size(Referrer& referrer) {
    --to_open_;
    try {
      const auto document = place_.open(referrer.descriptor);
      // cosign 3 lists its bundles under a type that is not theirs.
      const auto type = type_of(document);
      if (!type.empty()) referrer.descriptor.artifact_type = type;
      for (const auto& blob : contents_of(document).blobs) referrer.content_size += blob.size;
    } catch (const Error& error) {
      if (error.code() == ErrorCode::interrupted || error.code() == ErrorCode::unauthorized) throw;
      if (!workplace_.warn) return;
      workplace_.warn(fmt::format("the referrer {} cannot be read: {}", referrer.descriptor.digest.to_string(),
                                  printable(error.what())));
    }
  }

  static std::string type_of(const Document& document) {
    if (document_kind(document.json, document.descriptor.media_type) == DocumentKind::index) {
      return Index::parse(document.json, document.descriptor.media_type).artifact_type;
    }
    const auto manifest = Manifest::parse(document.json, document.descriptor.media_type);
    if (!manifest.artifact_type.empty()) return manifest.artifact_type;
    return manifest.layers.empty() ? manifest.config.media_type : manifest.layers.front().media_type;
  }

  ReferrerPlace& place_;
  const Workplace& workplace_;
  std::set<Digest> seen_;
  std::size_t to_open_;
};

}  // namespace

std::vector<Referrer> find_referrers_by(RegistryClient& client, const Document& root, const Location& where,
                                        const Workplace& workplace, ReferrerDetail detail) {
  const auto place = open_place(where, client, workplace);
  return ReferrerWalk(*place, workplace, detail).find(root);
}

std::vector<Referrer> find_referrers(const Document& root, const Location& where, const Workplace& workplace,
                                     ReferrerDetail detail) {
  const auto client = client_of(workplace);
  return find_referrers_by(*client, root, where, workplace, detail);
}

void attach(const Document& referrer, const Location& where, const Workplace& workplace) {
  switch (where.kind) {
    case Kind::registry: {
      const auto target = Reference::parse(where.reference->name()).with_digest(referrer.descriptor.digest);
      client_of(workplace)->push(referrer, target);
      break;
    }
    case Kind::oci_layout: {
      auto layout = OciLayout::open(where.path);
      write_document(layout, referrer, std::nullopt, workplace.registry.parallel, workplace.stop);
      break;
    }
    default:
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("cannot attach to {}: only a registry or a layout takes more than one manifest",
                              where.to_string()),
                  "copy the image to oci:DIR, attach there, and copy it back with --referrers");
  }
}

}  // namespace ociassemble
