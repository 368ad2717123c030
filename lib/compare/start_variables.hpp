// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// Whether a variable of the environment ("NAME=VALUE") changes how programs start: what loaders, shells and
// interpreters read before the program or script does. Those that glibc drops for privileged programs and that sudo
// drops (all but where temporary files, zones and terminals' descriptions lie), and those of other interpreters that
// name code to run or places to look for it.
bool is_start_variable(std::string_view entry);

// The words of a value that may name a file or a folder: "-javaagent:/a.jar=x,y" gives "-javaagent", "/a.jar", "x",
// "y".
std::vector<std::string> words_of(std::string_view text);

}  // namespace ociassemble
