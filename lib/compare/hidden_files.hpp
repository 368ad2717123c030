// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "ociassemble/image.hpp"

namespace ociassemble {

// The first of these paths (files and links of lower layers) that a layer replaces, removes, or hides behind something
// that is no directory; nothing when it leaves them all alone. Reads the layer.
std::optional<std::string> find_hidden(const Layer& layer, const std::set<std::string>& paths,
                                       const std::stop_token& stop);

}  // namespace ociassemble
