// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ociassemble/document.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/location.hpp"
#include "ociassemble/workplace.hpp"

namespace ociassemble {

// The manifest or index at a location, which is any but rootfs, scratch and static. A layout without a tag gives its
// only entry, or with `whole` its index with all entries.
enum class LayoutScope { entry, whole };
OCIASSEMBLE_EXPORT Document open_document(const Location& location, const Workplace& workplace,
                                          LayoutScope scope = LayoutScope::entry);

// The manifest or index that a location names now, or with a platform that platform's manifest of an index; layers are
// not read. In a registry without a platform by one HEAD request where the registry answers it. Errors as
// open_document().
OCIASSEMBLE_EXPORT Descriptor resolve(const Location& location, const std::optional<Platform>& platform,
                                      const Workplace& workplace);

// The image at a location, which is any but rootfs, scratch and static.
OCIASSEMBLE_EXPORT Image open_image(const Location& location, const std::optional<Platform>& platform,
                                    const Workplace& workplace);

struct PublishOptions {
  // Blobs that a layout shall lack (Assembled::base_layers): its manifests still name them, and have the same digests
  // as in a whole layout. Such a layout says what a build makes; other tools cannot run it, and verify finds what is
  // missing.
  std::set<Digest> left_out;
  // Of a docker archive: names beside the target's.
  std::vector<std::string> more_references;
  // Manifests that refer to the image, or to a manifest of the index: SBOMs, attestations. A registry and a layout get
  // them beside the image, the registry before the tag; an oci-archive as further entries of its index. A
  // docker-archive holds none: Error{invalid_argument}.
  std::vector<Document> referrers;
  // Called once: of a registry when all but the tag is there, elsewhere before anything is. Where it throws, the tag
  // stays what it was, and nothing is published. May be empty.
  std::function<void()> before_tag = {};
};

// Puts an image where it was asked for, and returns how to name it: "REGISTRY/REPOSITORY:TAG@sha256:…" or
// "oci:DIR:TAG@sha256:…". What was there before stands until the new is whole. Throws Error{invalid_argument} when
// blobs are to be left out of anything but a layout.
OCIASSEMBLE_EXPORT std::string publish(const Image& image, const Location& target, const Workplace& workplace,
                                       const PublishOptions& options = {});
// The same for several platforms: all manifests that the index names must be among its images.
OCIASSEMBLE_EXPORT std::string publish(const ImageIndex& index, const Location& target, const Workplace& workplace,
                                       const PublishOptions& options = {});

}  // namespace ociassemble
