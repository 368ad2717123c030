// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "compare/causes.hpp"
#include "inspect/go_program.hpp"

namespace ociassemble {

// One build of a Go program.
struct GoSide {
  GoProgram program;
  GoCode code;
};

// Adds why two builds differ: what they record, and where that is the same, what their build IDs and code tell. What
// follows from another cause is none of its own: a commit's time, a main module's version with its commit.
void compare_go_programs(const std::string& path, const GoSide& before, const GoSide& after, CauseList& causes);

}  // namespace ociassemble
