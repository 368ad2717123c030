// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/referrers.hpp"

#include <fmt/format.h>

#include <array>
#include <set>
#include <utility>

#include "base/stop.hpp"
#include "base/text.hpp"
#include "image/contents.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/registry.hpp"
#include "places/referrer_place.hpp"
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
  const auto place = open_referrer_place(where, client, workplace);
  return ReferrerWalk(*place, workplace, detail).find(root);
}

std::vector<Referrer> find_referrers(const Document& root, const Location& where, const Workplace& workplace,
                                     ReferrerDetail detail) {
  const auto client = client_of(workplace);
  return find_referrers_by(*client, root, where, workplace, detail);
}

void attach(const Document& referrer, const Location& where, const Workplace& workplace,
            const std::optional<std::string>& tag) {
  switch (where.kind) {
    case Kind::registry: {
      const auto repository = Reference::parse(where.reference->name());
      const auto target = tag ? repository.with_tag(*tag) : repository.with_digest(referrer.descriptor.digest);
      client_of(workplace)->push(referrer, target);
      break;
    }
    case Kind::oci_layout: {
      auto layout = OciLayout::open(where.path);
      write_document(layout, referrer, tag, workplace.registry.parallel, workplace.stop);
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
