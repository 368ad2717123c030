// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ociassemble/assemble.hpp"
#include "ociassemble/export.hpp"

namespace ociassemble {

// The same options for each of the platforms, in their order: "{os}", "{arch}" and "{variant}" in the paths of binaries
// become the platform's ("linux", "arm", "v7"; the variant may be empty). Throws Error{invalid_argument} for a platform
// that is named twice; arm64 and arm64/v8 are the same.
OCIASSEMBLE_EXPORT std::vector<AssembleOptions> for_platforms(const AssembleOptions& options,
                                                              const std::vector<Platform>& platforms);

// Makes several images, those of different platforms at the same time and those of one in order. Layers that they share
// are made once, with or without a cache; each base is looked up and read once, whoever is laid upon it. The result has
// the order of `options`. The first failure stops the rest and is thrown after all have ended; otherwise throws what
// assemble() throws.
OCIASSEMBLE_EXPORT std::vector<Assembled> assemble_all(const std::vector<AssembleOptions>& options,
                                                       const Workplace& workplace);

// One index over images of different platforms, in their order; the descriptors say the platform. Its annotations are
// `annotations`, what AssembleOptions::annotate found for all images alike, and name and digest of the base as it was
// looked up (its index, where it has one) when all images have the same. Docker's format has none. Throws
// Error{invalid_argument} for no image and for images of different formats.
OCIASSEMBLE_EXPORT ImageIndex make_index(const std::vector<Assembled>& images, const Annotations& annotations);

}  // namespace ociassemble
