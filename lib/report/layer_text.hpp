// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ociassemble/compare.hpp"

namespace ociassemble {

// Pieces of texts about comparisons; nothing that comes from an image keeps a control byte.

// "file", "hard link", …
std::string_view file_type_name(EntryType type);
// What a whiteout at this path removes: a path, or all of a folder ("/etc/*"); nothing for another entry.
std::optional<std::string> whiteout_target(std::string_view path);
// A line for the layer, and one for each of its first `files` files.
void describe_layer_comparison(const LayerComparison& layer, std::size_t files, Sink& to);

}  // namespace ociassemble
