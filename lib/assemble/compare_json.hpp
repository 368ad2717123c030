// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assemble/json_text.hpp"
#include "ociassemble/compare.hpp"

namespace ociassemble {

// As docs/cli.md names their members.
Json value_change_object(const ValueChange& change);
Json layer_comparison_object(const LayerComparison& layer);

}  // namespace ociassemble
