// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ociassemble/location.hpp"

namespace ociassemble::tool {

// Writes a file whole or not at all, and not at all when it holds these bytes already.
void write_if_changed(const std::filesystem::path& file, const std::string& bytes);

// A rule for make: the output's path (index.json of a layout, the repository of a push) depends on the inputs; each
// input gets an empty rule, so that make does not stop when one goes away.
std::string make_rule(const Location& output, const std::vector<std::filesystem::path>& inputs);

}  // namespace ociassemble::tool
