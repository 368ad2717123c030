// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ociassemble/assemble.hpp"

namespace ociassemble::tool {

// "NAME:UID[:GID][,home=PATH][,shell=PATH]". Throws Error{invalid_argument}, as all of these.
CreatedUser parse_created_user(std::string_view text);
// A command (words, or a JSON array), an array that begins with CMD or CMD-SHELL as Docker's, or "none".
std::vector<std::string> parse_health_test(std::string_view text);
// A tag alone; a reference is refused, with what to write instead.
std::string parse_tag(const std::string& text);
// The lines NAME=VALUE of a file, as docker reads it: blank lines and lines that begin with '#' do not count, quotes
// are part of the value. A name without a value, which docker takes from its own environment, is refused. Throws
// Error{io} or Error{not_found}, too.
std::vector<std::pair<std::string, std::string>> read_env_file(const std::filesystem::path& file);

}  // namespace ociassemble::tool
