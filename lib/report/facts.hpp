// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ociassemble/image.hpp"
#include "ociassemble/policy.hpp"
#include "spec/json_printer.hpp"

namespace ociassemble {

// What the rules of a policy are decided by, besides what `inspect --json` says of every image, as the member "facts"
// of an open object (docs/cli.md). Reads the layers that the cache does not know. Throws what reading layers throws.
void print_facts(JsonPrinter& json, const Image& image, const CheckInputs& inputs);

}  // namespace ociassemble
