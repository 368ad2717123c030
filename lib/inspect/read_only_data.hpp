// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "inspect/elf_file.hpp"

namespace ociassemble {

// Whether the constants of a program hold this text (of 2 to 64 bytes) anywhere but in a script's first line, behind
// "#!": Go keeps all of its string constants there, one after the other, without anything between them. Looks at the
// section .rodata, else at the segments that a program can neither change nor run, else at those that it cannot change.
// Read in pieces.
bool read_only_data_holds(const ElfFile& elf, const BoundedFile& file, std::string_view text);

}  // namespace ociassemble
