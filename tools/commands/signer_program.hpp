// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ociassemble/signatures.hpp"

namespace ociassemble::tool {

// Runs a program that signs: it gets the document's descriptor as JSON on its standard input, and answers on its
// standard output with an OCI layout as tar. What in that layout refers to the document, or is named after it as cosign
// does ("sha256-HEX.sig", ".att"), is put beside it. Throws Error{check_failed} where the program fails or answers with
// neither.
std::vector<MadeSignature> sign_by_program(const std::string& program, const Document& document, const Location& where,
                                           const Workplace& workplace);

}  // namespace ociassemble::tool
