// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ociassemble/ignore.hpp"

namespace ociassemble {

// Why paths of a folder are in or out, for people (a line for each) and for machines (a JSON array with a newline at
// its end; member names are in docs/cli.md). A path is relative to the folder; a leading '/' does not count. Throws
// Error{invalid_argument} for a path that leaves the folder.
std::string explain_ignored(const FolderIgnore& ignore, const std::vector<std::string>& paths);
std::string explain_ignored_json(const FolderIgnore& ignore, const std::vector<std::string>& paths);

}  // namespace ociassemble
