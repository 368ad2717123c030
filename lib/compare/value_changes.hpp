// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "ociassemble/compare.hpp"

namespace ociassemble {

// What two configs differ in, but for their diff IDs, which are the layers' matter. Members of "config" are named
// "config.NAME". The environment and maps differ by key; "history" by entry ("history[2]"), where neither a common
// beginning nor a common end has it.
std::vector<ValueChange> compare_configs(const ImageConfig& before, const ImageConfig& after);
// What two manifests differ in, but for their layers and the config's digest.
std::vector<ValueChange> compare_manifests(const Manifest& before, const Manifest& after);
// Of indexes: all but their entries.
std::vector<ValueChange> compare_indexes(const Index& before, const Index& after);
// Media type, urls and annotations.
std::vector<ValueChange> compare_descriptors(const Descriptor& before, const Descriptor& after);

}  // namespace ociassemble
