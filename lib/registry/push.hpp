// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "ociassemble/image.hpp"
#include "ociassemble/reference.hpp"
#include "registry/known_blobs.hpp"
#include "registry/registry_session.hpp"

namespace ociassemble {

// As RegistryClient::push(): blobs in parallel, then manifests, then the index, the tag with the last of them.
Reference push_image(const std::shared_ptr<RegistrySession>& session, const std::shared_ptr<KnownBlobs>& known,
                     const Image& image, const Reference& target);
Reference push_index(const std::shared_ptr<RegistrySession>& session, const std::shared_ptr<KnownBlobs>& known,
                     const ImageIndex& index, const Reference& target);

}  // namespace ociassemble
