// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ociassemble/causes.hpp"
#include "spec/json_printer.hpp"

namespace ociassemble {

// One sentence: "/usr/local/bin/server was built with another Go: go1.23.1 -> go1.24.6".
std::string cause_text(const Cause& cause);
// As an array of objects (docs/cli.md).
void print_causes(JsonPrinter& json, const std::vector<Cause>& causes);

}  // namespace ociassemble
