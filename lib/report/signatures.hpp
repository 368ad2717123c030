// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ociassemble/io.hpp"
#include "ociassemble/signatures.hpp"

namespace ociassemble {

// What is signed, what is missing, and what was passed over and why; a line each.
std::string describe_signatures(const SignatureReport& report);
// `image` is the image by its digest.
void print_signatures_json(const SignatureReport& report, const std::string& image, Sink& to);

}  // namespace ociassemble
