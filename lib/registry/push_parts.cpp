// SPDX-License-Identifier: Apache-2.0
#include "registry/push_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/stop.hpp"
#include "image/contents.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/media_type.hpp"

namespace ociassemble {
namespace {

// A document of our own as a blob.
class DocumentBlob : public BlobReader {
 public:
  explicit DocumentBlob(std::string json) : json_(std::move(json)) {}
  std::unique_ptr<Source> open(const Descriptor&) override { return std::make_unique<StringSource>(json_); }

 private:
  const std::string json_;
};

PushPart part_of(const Image& image) {
  PushPart part{image.descriptor(), image.manifest_json(), {}};
  for (const auto& layer : image.layers()) {
    if (!is_foreign_layer_type(layer.descriptor.media_type)) part.blobs.push_back({layer.descriptor, layer.blobs});
  }
  part.blobs.push_back({image.manifest().config, std::make_shared<DocumentBlob>(image.config_json())});
  return part;
}

PushPart part_of(const Document& document, const std::vector<Descriptor>& blobs) {
  PushPart part{document.descriptor, document.json, {}};
  for (const auto& blob : blobs) {
    if (!is_foreign_layer_type(blob.media_type)) part.blobs.push_back({blob, document.blobs});
  }
  return part;
}

// Reads below an index only what the repository lacks.
class PartFinder {
 public:
  PartFinder(const HasManifest& has, const std::stop_token& stop) : has_(has), stop_(stop) {}

  void add(const Document& document, int depth) {
    const auto contents = contents_of(document);
    for (const auto& entry : contents.documents) {
      throw_if_stopped(stop_);
      if (!seen_.insert(entry.digest).second || has_(entry)) continue;
      budget_.take(entry, depth + 1);
      add(read_document(entry, document.blobs), depth + 1);
    }
    parts_.push_back(part_of(document, contents.blobs));
  }

  std::vector<PushPart> take() { return std::move(parts_); }

 private:
  const HasManifest& has_;
  const std::stop_token& stop_;
  DocumentBudget budget_;
  std::set<Digest> seen_;
  std::vector<PushPart> parts_;
};

}  // namespace

std::vector<PushPart> parts_of(const Image& image) { return {part_of(image)}; }

std::vector<PushPart> parts_of(const ImageIndex& index, const HasManifest& has, const std::string& action) {
  std::vector<PushPart> parts;
  for (const auto& entry : index.index.manifests) {
    if (has(entry)) continue;
    const auto image = std::ranges::find(index.images, entry.digest, &Image::digest);
    if (image != index.images.end()) {
      parts.push_back(part_of(*image));
      continue;
    }
    const auto is_it = [&](const Document& other) { return other.descriptor.digest == entry.digest; };
    const auto other = std::ranges::find_if(index.others, is_it);
    if (other == index.others.end()) {
      throw Error(ErrorCode::not_found, fmt::format("cannot {}: its index names the manifest {}, which is not at hand",
                                                    action, entry.digest.to_string()));
    }
    parts.push_back(part_of(*other, contents_of(*other).blobs));
  }
  parts.push_back({index.descriptor, index.json, {}});
  return parts;
}

std::vector<PushPart> parts_of(const Document& root, const HasManifest& has, const std::stop_token& stop) {
  PartFinder finder(has, stop);
  finder.add(root, 1);
  return finder.take();
}

PushPart part_of_referrer(const Document& referrer, ReferrerState state) {
  auto part = part_of(referrer, contents_of(referrer).blobs);
  for (auto& blob : part.blobs) {
    blob.is_new = state == ReferrerState::is_new && blob.descriptor.media_type != media_type::kEmpty;
  }
  return part;
}

std::optional<Digest> subject_of(const Document& referrer) {
  const auto& type = referrer.descriptor.media_type;
  auto subject = document_kind(referrer.json, type) == DocumentKind::index
                     ? Index::parse(referrer.json, type).subject
                     : Manifest::parse(referrer.json, type).subject;
  return subject ? std::optional(subject->digest) : std::nullopt;
}

std::vector<BlobToPush> blobs_of(const std::vector<PushPart>& parts) {
  std::vector<BlobToPush> blobs;
  std::set<Digest> seen;
  for (const auto& part : parts) {
    for (const auto& blob : part.blobs) {
      if (seen.insert(blob.descriptor.digest).second) blobs.push_back(blob);
    }
  }
  return blobs;
}

}  // namespace ociassemble
