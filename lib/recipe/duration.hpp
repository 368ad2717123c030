// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

namespace ociassemble {

// A length of time as Docker and Go write it: "30s", "1m30s", "500ms", "2h"; at least 1 ms, as Docker asks for, or "0s"
// for its default. Throws Error{invalid_argument}.
std::chrono::nanoseconds parse_duration(std::string_view text);

}  // namespace ociassemble
