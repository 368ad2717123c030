// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <stop_token>

#include "ociassemble/image.hpp"
#include "ociassemble/location.hpp"

namespace ociassemble {

// publish() to an OCI layout, without the blobs in `left_out` (Assembled::base_layers): the manifests still name them,
// and have the same digests as in a whole layout. Such a layout says what a build makes; other tools cannot run it, and
// verify finds what is missing. Throws Error{invalid_argument} for a target that is no layout.
std::string publish_shallow(const Image& image, const Location& target, const std::set<Digest>& left_out,
                            const std::stop_token& stop);
std::string publish_shallow(const ImageIndex& index, const Location& target, const std::set<Digest>& left_out,
                            const std::stop_token& stop);

}  // namespace ociassemble
