// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/export.hpp"

namespace ociassemble {

// The words of a command, for entrypoint and cmd: a JSON array of strings ("[\"/app\", \"--name\", \"a b\"]"), or words
// divided by blanks, without a shell's quoting. "" and "[]" are no words. Throws Error{invalid_argument} for an array
// that is not one of strings, and for quotes or escapes in plain words, which would not mean what they mean in a shell.
OCIASSEMBLE_EXPORT std::vector<std::string> parse_command_words(std::string_view text);

}  // namespace ociassemble
