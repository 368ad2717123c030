// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "inspect/elf_file.hpp"

namespace ociassemble {

// The Go version that the linker wrote down (Go's debug/buildinfo, both the form of Go 1.18 and the one with pointers
// before it); empty where there is none, or none that can be read.
std::string go_version(const ElfFile& elf, const BoundedFile& file);

}  // namespace ociassemble
