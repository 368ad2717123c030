// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/document.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/reference.hpp"
#include "registry/registry_session.hpp"

namespace ociassemble {

// Requests for manifests, indexes and tags (OCI distribution specification, "Pulling manifests", "Pushing Manifests",
// "Listing Tags"). Errors as RegistryClient's; `action` is what they say cannot be done.

// The answer with the document, unverified.
RegistryAnswer get_manifest(RegistrySession& session, const std::string& repository, const std::string& identifier,
                            const std::string& action, std::string_view missing);

// What a HEAD says. Nothing for 404, and for a registry that will not tell (403, 405, 501).
struct ManifestFacts {
  std::optional<Digest> digest;
  std::optional<std::uint64_t> size;
  std::string media_type;
};
std::optional<ManifestFacts> head_manifest(RegistrySession& session, const Scope& scope, const std::string& identifier,
                                           const std::string& action, const std::stop_token& stop, bool large = false);

Document fetch_document(const std::shared_ptr<RegistrySession>& session, const Reference& reference);
std::vector<std::string> list_tags(RegistrySession& session, const Reference& reference);

// The registry says that it lacks a blob which a manifest names.
class BlobsUnknown : public HttpError {
 public:
  explicit BlobsUnknown(const HttpError& error) : HttpError(error) {}
};

// Throws BlobsUnknown; Error{corrupt} when the registry took the bytes for something else than `descriptor` says.
RegistryAnswer put_manifest(RegistrySession& session, const std::string& repository, const std::string& identifier,
                            const Descriptor& descriptor, const std::string& json, const std::string& action);

}  // namespace ociassemble
