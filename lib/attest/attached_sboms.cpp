// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>

#include "attest/index_attestations.hpp"
#include "attest/inventory.hpp"
#include "ociassemble/artifact.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/io.hpp"
#include "ociassemble/media_type.hpp"
#include "ociassemble/sbom.hpp"

namespace ociassemble {
namespace {

Descriptor put_document(const Inventory& inventory, SbomFormat format, const SbomOptions& options, BlobStore& store) {
  const auto blob = store.begin();
  write_sbom(inventory, format, options, *blob);
  return blob->commit(sbom_media_type(format));
}

// The Statement with the document as its predicate, which is written as it comes.
Descriptor put_sbom_statement(const Inventory& inventory, SbomFormat format, const SbomOptions& options,
                              BlobStore& store) {
  const auto frame = make_statement(inventory.image.digest(), sbom_predicate_type(format), "{}");
  const auto at = frame.rfind("{}");
  const auto blob = store.begin();
  blob->write(as_bytes(std::string_view(frame).substr(0, at)));
  write_sbom(inventory, format, options, *blob);
  blob->write(as_bytes(std::string_view(frame).substr(at + 2)));
  auto statement = blob->commit(kInTotoType);
  statement.annotations.emplace(kPredicateTypeKey, sbom_predicate_type(format));
  return statement;
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

std::vector<Descriptor> put_sbom_statements(const Inventory& inventory, const SbomRequest& request, BlobStore& store) {
  std::vector<Descriptor> statements;
  for (const auto format : request.formats)
    statements.push_back(put_sbom_statement(inventory, format, request.options, store));
  return statements;
}

ImageIndex add_sboms(ImageIndex index, const std::vector<std::shared_ptr<const Inventory>>& inventories,
                     const SbomRequest& request, const std::shared_ptr<BlobStore>& store) {
  if (inventories.size() != index.images.size()) {
    throw Error(ErrorCode::invalid_argument, fmt::format("cannot attach SBOMs to an index of {} images: there are {}",
                                                         index.images.size(), inventories.size()));
  }
  std::vector<std::vector<Descriptor>> statements;
  statements.reserve(inventories.size());
  for (const auto& inventory : inventories) statements.push_back(put_sbom_statements(*inventory, request, *store));
  return add_attestations(std::move(index), statements, store);
}

}  // namespace ociassemble
