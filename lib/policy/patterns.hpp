// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ociassemble {

// '*' in a pattern stands for any characters, '/' among them; every other character for itself.
bool matches_pattern(std::string_view pattern, std::string_view text) noexcept;

}  // namespace ociassemble
