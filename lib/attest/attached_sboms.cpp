// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>

#include "attest/inventory.hpp"
#include "ociassemble/artifact.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/io.hpp"
#include "ociassemble/media_type.hpp"
#include "ociassemble/sbom.hpp"

namespace ociassemble {
namespace {

// BuildKit, docs/attestations/attestation-storage.md.
constexpr const char* kAttestationManifest = "application/vnd.docker.attestation.manifest.v1+json";
constexpr const char* kStatement = "application/vnd.in-toto+json";
constexpr const char* kPredicateType = "in-toto.io/predicate-type";

Descriptor put_document(const Inventory& inventory, SbomFormat format, const SbomOptions& options, BlobStore& store) {
  const auto blob = store.begin();
  write_sbom(inventory, format, options, *blob);
  return blob->commit(sbom_media_type(format));
}

// The Statement with the document as its predicate, which is written as it comes.
Descriptor put_statement(const Inventory& inventory, SbomFormat format, const SbomOptions& options, BlobStore& store) {
  const auto frame = make_statement(inventory.image.digest(), sbom_predicate_type(format), "{}");
  const auto at = frame.rfind("{}");
  const auto blob = store.begin();
  blob->write(as_bytes(std::string_view(frame).substr(0, at)));
  write_sbom(inventory, format, options, *blob);
  blob->write(as_bytes(std::string_view(frame).substr(at + 2)));
  return blob->commit(kStatement);
}

Document attestation_of(const Inventory& inventory, const SbomRequest& request,
                        const std::shared_ptr<BlobStore>& store) {
  const auto& image = inventory.image;
  Manifest manifest{.artifact_type = kAttestationManifest, .config = store->put("{}", media_type::kEmpty)};
  for (const auto format : request.formats) {
    auto layer = put_statement(inventory, format, request.options, *store);
    layer.annotations.emplace(kPredicateType, sbom_predicate_type(format));
    manifest.layers.push_back(std::move(layer));
  }
  const auto& of = image.descriptor();
  manifest.subject = Descriptor{.media_type = of.media_type, .digest = of.digest, .size = of.size};
  auto json = manifest.to_json();
  auto descriptor = store->put(json, manifest.media_type());
  descriptor.platform = Platform{"unknown", "unknown", {}, {}, {}};
  descriptor.annotations = {{"vnd.docker.reference.digest", image.digest().to_string()},
                            {"vnd.docker.reference.type", "attestation-manifest"}};
  return {std::move(descriptor), std::move(json), store};
}

}  // namespace

std::string_view sbom_predicate_type(SbomFormat format) {
  switch (format) {
    case SbomFormat::spdx:
      return "https://spdx.dev/Document";
    case SbomFormat::cyclonedx:
      return "https://cyclonedx.org/bom";
  }
  return {};
}

AttestationForm parse_attestation_form(std::string_view text) {
  if (text == "referrers") return AttestationForm::referrers;
  if (text == "index") return AttestationForm::index;
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot attach SBOMs as {}: there is no such form", text),
              "the forms are referrers and index");
}

std::vector<Document> make_sbom_referrers(const Inventory& inventory, const SbomRequest& request,
                                          const std::shared_ptr<BlobStore>& store) {
  std::vector<Document> referrers;
  for (const auto format : request.formats) {
    const auto layer = put_document(inventory, format, request.options, *store);
    referrers.push_back(make_referrer(inventory.image.descriptor(), sbom_media_type(format), layer, {}, store));
  }
  return referrers;
}

ImageIndex add_sboms(ImageIndex index, const std::vector<std::shared_ptr<const Inventory>>& inventories,
                     const SbomRequest& request, const std::shared_ptr<BlobStore>& store) {
  if (inventories.size() != index.images.size()) {
    throw Error(ErrorCode::invalid_argument, fmt::format("cannot attach SBOMs to an index of {} images: there are {}",
                                                         index.images.size(), inventories.size()));
  }
  if (index.index.format != ImageFormat::oci) {
    throw Error(ErrorCode::invalid_argument, "cannot put SBOMs into an index in Docker's format: it holds images alone",
                "leave --format docker or --attestations=index out");
  }
  for (const auto& inventory : inventories) {
    auto attestation = attestation_of(*inventory, request, store);
    index.index.manifests.push_back(attestation.descriptor);
    index.others.push_back(std::move(attestation));
  }
  index.json = index.index.to_json();
  index.descriptor.digest = Digest::of(index.json);
  index.descriptor.size = index.json.size();
  return index;
}

}  // namespace ociassemble
