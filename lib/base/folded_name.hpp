// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ociassemble {

// A name as a file system sees it that tells neither cases nor Unicode's composed and decomposed forms apart (macOS's,
// Windows'): two names that are one file there have the same. For comparison only; bytes that are no UTF-8 stay.
std::string folded_name(std::string_view name);

}  // namespace ociassemble
