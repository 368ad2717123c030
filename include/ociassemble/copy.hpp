// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ociassemble/export.hpp"
#include "ociassemble/location.hpp"
#include "ociassemble/registry.hpp"
#include "ociassemble/workplace.hpp"

namespace ociassemble {

struct CopyOptions {
  // Of an index: the whole, its bytes unchanged, with all that it names (attestations, nested indexes). Else one image
  // comes out of it.
  bool all_platforms = false;
  std::optional<Platform> platform;  // which; the host's when not set, or the only one
  // Also what refers to the image and to each manifest of an index (signatures, SBOMs), and what cosign's tags hold:
  // from and to a registry, a layout or an oci-archive. What cannot be read is told to workplace.warn.
  bool referrers = false;
};

// What a copy came to.
struct Copied {
  std::string name;       // "REGISTRY/REPOSITORY@sha256:…" or "oci:DIR:TAG@sha256:…"
  Descriptor descriptor;  // of the manifest or index
  std::size_t referrers = 0;
};

// Copies an image between any two places: registries, layouts, archives. Manifests, indexes, configs and layers keep
// their bytes, and so the digest. Between registries each blob is streamed through, verified, without touching the
// disk, or mounted within one; what the target has is not read. An exception: an archive that only holds what docker
// save wrote before Docker 25 has no manifest; so what comes out of one into a layout or an archive gets one. Throws
// Error{invalid_argument} for what is no place for images;
// Error{not_found} that names the platforms that there are; what reading and writing throw.
OCIASSEMBLE_EXPORT Copied copy(const Location& from, const Location& to, const CopyOptions& options,
                               const Workplace& workplace);

// What a copy to a registry would do, without a request that writes.
OCIASSEMBLE_EXPORT PushPlan plan_copy(const Location& from, const Location& to, const CopyOptions& options,
                                      const Workplace& workplace);

// The same for a push of an image that was made, with what refers to it.
OCIASSEMBLE_EXPORT PushPlan plan_publish(const Image& image, const Reference& target, const Workplace& workplace,
                                         const std::vector<Document>& referrers = {});
OCIASSEMBLE_EXPORT PushPlan plan_publish(const ImageIndex& index, const Reference& target, const Workplace& workplace,
                                         const std::vector<Document>& referrers = {});

}  // namespace ociassemble
