// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "ociassemble/reference.hpp"
#include "registry/registry_session.hpp"

namespace ociassemble {

// Deletes a tag, or a manifest by its digest (OCI distribution specification, "Deleting tags" and "Deleting
// Manifests"). See RegistryClient::remove().
std::optional<Digest> delete_from_registry(RegistrySession& session, const Reference& reference);

}  // namespace ociassemble
