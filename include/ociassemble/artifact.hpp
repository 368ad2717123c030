// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/blob_store.hpp"
#include "ociassemble/document.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/image.hpp"

namespace ociassemble {

// Makes a manifest that refers to `subject` (OCI image specification 1.1, "Guidelines for Artifact Usage"): the empty
// config, and one layer with the bytes. The same arguments give the same bytes. All of it is in `store` afterwards.
OCIASSEMBLE_EXPORT Document make_referrer(const Descriptor& subject, std::string_view artifact_type,
                                          std::string_view layer_type, std::string_view content,
                                          const Annotations& annotations, const std::shared_ptr<BlobStore>& store);

// The same over a layer that is in the store already.
OCIASSEMBLE_EXPORT Document make_referrer(const Descriptor& subject, std::string_view artifact_type,
                                          const Descriptor& layer, const Annotations& annotations,
                                          const std::shared_ptr<BlobStore>& store);

// An in-toto Statement (v1) of a predicate about a manifest, compact JSON. Throws Error{corrupt} for a predicate that
// is not a JSON object.
OCIASSEMBLE_EXPORT std::string make_statement(const Digest& subject, std::string_view predicate_type,
                                              std::string_view predicate);

// An unsigned Statement about `subject` as a referrer of it, of the type "application/vnd.in-toto+json".
OCIASSEMBLE_EXPORT Document make_statement_referrer(const Descriptor& subject, std::string_view predicate_type,
                                                    std::string_view predicate,
                                                    const std::shared_ptr<BlobStore>& store);

// BuildKit's form of attestations (docs/attestations/attestation-storage.md there): a manifest in the index for each
// image, whose layers are Statements about that image. The platform is "unknown/unknown".

// Puts a Statement into the store; the descriptor says the predicate's type.
OCIASSEMBLE_EXPORT Descriptor put_statement(const Digest& subject, std::string_view predicate_type,
                                            std::string_view predicate, BlobStore& store);
// Puts such a manifest behind the images of the index: `statements` has those of each image, in their order. The digest
// of the index is another then; those of the images stay. Throws Error{invalid_argument} for another number of images
// and for an index in Docker's format.
OCIASSEMBLE_EXPORT ImageIndex add_attestations(ImageIndex index, const std::vector<std::vector<Descriptor>>& statements,
                                               const std::shared_ptr<BlobStore>& store);
// The same with manifests that are there already, as they are.
OCIASSEMBLE_EXPORT ImageIndex add_attestations(ImageIndex index, const std::vector<Document>& attestations);
// Those that an index has of an image, in its order. Throws Error{corrupt}, and what reading blobs throws.
OCIASSEMBLE_EXPORT std::vector<Document> index_attestations(const Document& index, const Digest& image);

}  // namespace ociassemble
