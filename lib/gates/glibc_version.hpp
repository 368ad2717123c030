// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// "GLIBC_2.34" -> "GLIBC_2."; a version that is no number has no family: "GLIBC_ABI_DT_RELR" -> "".
std::string family_of_version(std::string_view version);

// The highest version that begins with `family` and goes on in numbers, compared number by number ("GLIBC_2.9" is below
// "GLIBC_2.34"); empty where there is none, or no family.
std::string highest_version(const std::vector<std::string>& versions, std::string_view family);

// Whether version `a` ("2.31") is below `b` ("2.34"), number by number.
bool is_below(std::string_view a, std::string_view b);

}  // namespace ociassemble
