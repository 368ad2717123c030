// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "compare/proof_side.hpp"

namespace ociassemble {

// A volume takes the place of what the image has there, links followed. A line for each that covers files of the
// application, or files that decide its start (`reached`, with a leading '/'), in one image and not in the other.
std::vector<std::string> covering_volumes(const ProofSide& before, const std::set<std::string>& reached_before,
                                          const ProofSide& after, const std::set<std::string>& reached_after);

}  // namespace ociassemble
