// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "ociassemble/export.hpp"
#include "ociassemble/image.hpp"

namespace ociassemble {

// The image of `platform` that `root` is or names (an index, nested at most 4 deep). Without a platform: the host's
// operating system "linux" and its architecture from an index of several, or the only one. Entries for unknown/unknown
// and artifacts are skipped. Throws Error{not_found} that names the platforms that there are.
OCIASSEMBLE_EXPORT Image open_image(const Document& root, const std::optional<Platform>& platform);

// The manifest that open_image() takes out of an index, without reading its config; a root that is a manifest already
// is returned as it is, whatever its platform.
OCIASSEMBLE_EXPORT Document open_manifest(const Document& root, const std::optional<Platform>& platform);

// All images of an index, or those of the platforms asked for, in the index's order; a plain manifest is
// Error{not_found}. An index that holds nothing but another index stands for that one; one that holds an index beside
// images is Error{unsupported}.
OCIASSEMBLE_EXPORT ImageIndex open_index(const Document& root, const std::vector<Platform>& platforms);

// The platform that this program was built for: "linux/amd64", "linux/arm64", …
OCIASSEMBLE_EXPORT Platform host_platform();

}  // namespace ociassemble
