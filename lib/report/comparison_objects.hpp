// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ociassemble/compare.hpp"
#include "spec/json_printer.hpp"

namespace ociassemble {

// As docs/cli.md names their members.
void print_value_change(JsonPrinter& json, const ValueChange& change);
void print_layer_comparison(JsonPrinter& json, const LayerComparison& layer);

}  // namespace ociassemble
