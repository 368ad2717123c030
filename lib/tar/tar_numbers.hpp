// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ociassemble {

// A number of a header field: octal digits after blanks, up to the first byte that is none; or, with the first bit set,
// GNU's base 256 (two's complement). Nothing for one that has no room in 64 bits.
std::optional<std::int64_t> tar_number(std::string_view field);

// A decimal number of a pax record, of at least one digit and nothing else; "-" may be before it. Nothing otherwise,
// and for one that has no room.
std::optional<std::int64_t> pax_number(std::string_view text);

// A time of a pax record, such as "-1.5", as the whole seconds before it.
std::optional<std::int64_t> pax_seconds(std::string_view text);

}  // namespace ociassemble
