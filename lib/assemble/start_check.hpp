// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "gates/runs.hpp"
#include "inspect/elf.hpp"
#include "ociassemble/gates.hpp"

namespace ociassemble {

// A program of an image, where messages need words for it.
struct CheckedStart {
  std::string source;  // the local file
  std::string base;    // as messages name it
  ElfInfo elf;
  ProgramStart program;
};

// Throws Error{check_failed} for a program that does not start on the image's file system: what is missing, and what to
// do. Else returns that it starts, or that it was not judged. Warns of what is not judged or depends on the machine;
// `warn` may be empty.
GateResult check_start(const CheckedStart& start, const RootFiles& root,
                       const std::function<void(const std::string&)>& warn);

}  // namespace ociassemble
