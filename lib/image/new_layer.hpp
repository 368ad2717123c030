// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "image/layer_builder.hpp"

namespace ociassemble {

// The entries that a layer was just made of, in the order of its tar.
struct NewLayer {
  std::vector<LayerEntry> entries;
};

}  // namespace ociassemble
