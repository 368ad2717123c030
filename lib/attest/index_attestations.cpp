// SPDX-License-Identifier: Apache-2.0
#include "attest/index_attestations.hpp"

#include <fmt/format.h>

#include <utility>

#include "image/contents.hpp"
#include "ociassemble/artifact.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/manifest.hpp"
#include "ociassemble/media_type.hpp"

namespace ociassemble {
namespace {

constexpr const char* kAttestationManifest = "application/vnd.docker.attestation.manifest.v1+json";
constexpr const char* kReferenceDigest = "vnd.docker.reference.digest";
constexpr const char* kReferenceType = "vnd.docker.reference.type";
constexpr const char* kReferenceIsAttestation = "attestation-manifest";

Document attestation_of(const Image& image, const std::vector<Descriptor>& statements,
                        const std::shared_ptr<BlobStore>& store) {
  Manifest manifest{.artifact_type = kAttestationManifest, .config = store->put("{}", media_type::kEmpty)};
  manifest.layers = statements;
  const auto& of = image.descriptor();
  manifest.subject = Descriptor{.media_type = of.media_type, .digest = of.digest, .size = of.size};
  auto json = manifest.to_json();
  auto descriptor = store->put(json, manifest.media_type());
  descriptor.platform = Platform{"unknown", "unknown", {}, {}, {}};
  descriptor.annotations = {{kReferenceDigest, image.digest().to_string()}, {kReferenceType, kReferenceIsAttestation}};
  return {std::move(descriptor), std::move(json), store};
}

bool has_annotation(const Descriptor& entry, const char* name, std::string_view value) {
  const auto found = entry.annotations.find(name);
  return found != entry.annotations.end() && found->second == value;
}

}  // namespace

Descriptor put_statement(const Digest& subject, std::string_view predicate_type, std::string_view predicate,
                         BlobStore& store) {
  auto statement = store.put(make_statement(subject, predicate_type, predicate), kInTotoType);
  statement.annotations.emplace(kPredicateTypeKey, predicate_type);
  return statement;
}

ImageIndex add_attestations(ImageIndex index, const std::vector<std::vector<Descriptor>>& statements,
                            const std::shared_ptr<BlobStore>& store) {
  if (statements.size() != index.images.size()) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot attach statements to an index of {} images: there are {}", index.images.size(),
                            statements.size()));
  }
  std::vector<Document> attestations;
  for (std::size_t i = 0; i < statements.size(); ++i)
    attestations.push_back(attestation_of(index.images[i], statements[i], store));
  return add_attestations(std::move(index), attestations);
}

ImageIndex add_attestations(ImageIndex index, const std::vector<Document>& attestations) {
  if (attestations.empty()) return index;
  if (index.index.format != ImageFormat::oci) {
    throw Error(ErrorCode::invalid_argument,
                "cannot put attestations into an index in Docker's format: it holds only images",
                "leave --format docker or --attestations=index out");
  }
  for (const auto& attestation : attestations) {
    index.index.manifests.push_back(attestation.descriptor);
    index.others.push_back(attestation);
  }
  index.json = index.index.to_json();
  index.descriptor.digest = Digest::of(index.json);
  index.descriptor.size = index.json.size();
  return index;
}

std::vector<Document> index_attestations(const Document& index, const Digest& image) {
  std::vector<Document> attestations;
  for (const auto& entry : Index::parse(index.json, index.descriptor.media_type).manifests) {
    if (!has_annotation(entry, kReferenceType, kReferenceIsAttestation) ||
        !has_annotation(entry, kReferenceDigest, image.to_string())) {
      continue;
    }
    auto document = read_document(entry, index.blobs);
    document.descriptor = entry;
    attestations.push_back(std::move(document));
  }
  return attestations;
}

}  // namespace ociassemble
