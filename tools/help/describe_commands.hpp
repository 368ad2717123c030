// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "help/command_text.hpp"

namespace ociassemble::tool {

// All commands as JSON, the tool itself first: what tools/manual/make-man-pages reads.
std::string commands_json(const std::vector<CommandText>& commands);

}  // namespace ociassemble::tool
