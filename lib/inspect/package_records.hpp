// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "inspect/package.hpp"

namespace ociassemble {

// Takes the text up to a newline off its front; the newline goes with it, and a carriage return before it.
std::string_view take_line(std::string_view& text) noexcept;

// Adds a finished record to the list: packages where it makes sense, else it is counted as broken. False when the list
// is full.
bool add_record(PackageList& list, Package&& package);

}  // namespace ociassemble
