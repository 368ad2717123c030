// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "help/command_text.hpp"

namespace ociassemble::tool {

inline constexpr std::size_t kWidestHelp = 100;

enum class HelpScope { common, all };

// The text of --help (the common options) or --help-all, in lines of at most `columns` (at least 40), but for examples
// and single words that are longer.
std::string help_text(const CommandText& command, HelpScope scope, std::size_t columns = kWidestHelp);

}  // namespace ociassemble::tool
