// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ociassemble/location.hpp"

namespace ociassemble::tool {

// Writes a file (see write_output), and makes it newer than all that is there by now.
void write_stamp(const std::filesystem::path& file, const std::string& bytes);

// What a rule for make is about unless told otherwise: the output's path, index.json of a layout, or a push's
// reference, which is no file.
std::string rule_target(const Location& output);

// A rule for make: the target depends on the inputs; each input gets an empty rule, so that make does not stop when one
// goes away. Names can hold anything (see make_name). Throws Error{invalid_argument} for a target that cannot be
// written.
std::string make_rule(const std::string& target, const std::vector<std::filesystem::path>& inputs);

// What `sha256sum -c` reads: the digest of each file, each once, in the order of the names. Those are as they look from
// the folder of `list`, so that it can be checked there; what is no file, such as a pipe, is left out.
std::string checksum_lines(const std::vector<std::filesystem::path>& files, const std::filesystem::path& list);

}  // namespace ociassemble::tool
