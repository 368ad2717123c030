// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ociassemble {

// RFC 3339 in UTC, whole seconds: 0 -> "1970-01-01T00:00:00Z". Throws Error{invalid_argument} outside the years 0 to
// 9999.
std::string format_timestamp(std::int64_t seconds);

// The other way, from RFC 3339 with any offset (fractions are cut off), or from a number of seconds that is not
// negative. Throws Error{invalid_argument} with a hint.
std::int64_t parse_time(std::string_view text);

}  // namespace ociassemble
