// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "ociassemble/compare.hpp"

namespace ociassemble {

// An entry's state as few bytes, and back. Equal states have equal bytes. Only what encode_state() wrote is decoded.
std::string encode_state(const FileState& state);
FileState decode_state(std::string_view bytes);

}  // namespace ociassemble
