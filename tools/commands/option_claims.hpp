// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace ociassemble::tool {

// Of the files that a parsed command line names: none that the command writes (-o, --summary, --trace) is one that it
// reads, or lies in a layout that it reads; none has an empty name. What a recipe or a provenance names is for the
// commands that read these. Throws Error{invalid_argument}.
void check_named_files(const CLI::App& command);

}  // namespace ociassemble::tool
