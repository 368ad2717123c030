// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ociassemble/compare.hpp"

namespace ociassemble {

// An image's layers with their numbers and makers.
std::vector<LayerSide> layer_sides(const Image& image);

// Which layer of one image stands where which of the other stood: by equal diff IDs, in order; between those by what
// made them; the rest by their places from below. Nothing is read.
std::vector<LayerComparison> align_layers(const std::vector<LayerSide>& before, const std::vector<LayerSide>& after);

}  // namespace ociassemble
