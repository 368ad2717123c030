// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ociassemble/compare.hpp"

namespace ociassemble {

class CauseList;

// Why layers of the same contents are not the same blobs: another kind of compression, another level of our own
// encoders, found by compressing a layer's first megabyte again, or somebody else's encoder. A blob that cannot be read
// is no error: then it stays unknown.
void find_compression_causes(const std::vector<LayerComparison>& layers, const Image& before, const Image& after,
                             const CompareOptions& options, CauseList& causes);

}  // namespace ociassemble
