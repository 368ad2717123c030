// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace ociassemble {

// A port's number, from 1 on. Throws Error{invalid_argument} that shows `whole`, of which it is a part.
std::uint16_t parse_port(std::string_view digits, std::string_view whole);

}  // namespace ociassemble
