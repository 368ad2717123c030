// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ociassemble/programs.hpp"
#include "spec/json_printer.hpp"

namespace ociassemble {

// The programs of an image, for people: the facts that a policy would ask for.
std::string describe_programs(const ImagePrograms& programs);
// The same as the members "programs" and "programsLeftOut" of an open object (docs/cli.md); all facts.
void print_programs(JsonPrinter& json, const ImagePrograms& programs);

}  // namespace ociassemble
