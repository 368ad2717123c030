// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ociassemble/blob_store.hpp"
#include "ociassemble/document.hpp"
#include "ociassemble/export.hpp"

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

}  // namespace ociassemble
