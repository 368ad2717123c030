// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inspect/elf_file.hpp"

namespace ociassemble {

// Returns for a file that begins like an ELF file. Throws Error{check_failed} that says what it is instead, and what
// to do about it.
void require_elf_magic(const BoundedFile& file);

}  // namespace ociassemble
