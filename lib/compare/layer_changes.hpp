// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compare/layer_files.hpp"

namespace ociassemble {

// Fills in the files of a changed, added or removed layer, both sides read at the same time; leaves others alone. The
// images are those that the sides' numbers count in.
void read_changes(LayerComparison& comparison, const Image& before, const Image& after, MetadataBudget& budget,
                  const std::stop_token& stop);

}  // namespace ociassemble
