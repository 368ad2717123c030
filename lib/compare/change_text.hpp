// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ociassemble/compare.hpp"

namespace ociassemble {

// "config.Env PATH: "/bin" -> (none)"; safe for a terminal.
std::string value_change_text(const ValueChange& change);

}  // namespace ociassemble
