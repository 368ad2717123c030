// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ociassemble {

// The number of the layer format (docs/layer-format.md); layer bytes change only with it.
inline constexpr int kLayerFormat = 1;

}  // namespace ociassemble
