// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compare/causes.hpp"
#include "compare/layer_files.hpp"

namespace ociassemble {

// Fills in the files of a changed, added or removed layer, both sides read at the same time; leaves others alone. The
// images are those that the sides' numbers count in. Adds the causes that the
// files of a changed layer show, where somebody wants them (not null).
void read_changes(LayerComparison& comparison, const Image& before, const Image& after, MetadataBudget& budget,
                  CauseList* causes, const std::stop_token& stop);

}  // namespace ociassemble
