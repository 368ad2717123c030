// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// A scalar of YAML 1.2 that is a string to every reader: plain where it cannot be anything else, in double quotes where
// it could.
std::string yaml_string(std::string_view text);
// "[a, b]".
std::string yaml_strings(const std::vector<std::string>& texts);

// One word of a POSIX shell that gives exactly this text.
std::string exact_shell_word(std::string_view text);

// One word of a setting of systemd's units, specifiers and quotes escaped. A command line has variables, too.
std::string unit_word(std::string_view text);
std::string unit_command_word(std::string_view text);

}  // namespace ociassemble
