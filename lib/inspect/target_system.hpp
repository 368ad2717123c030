// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "inspect/elf_file.hpp"

namespace ociassemble {

// The operating system that a program was linked for, in Go's words: out of EI_OSABI and the ABI notes that kernels
// look at. Empty where they say nothing, as with most of Linux.
std::string target_system(const ElfFile& elf, const BoundedFile& file);

}  // namespace ociassemble
