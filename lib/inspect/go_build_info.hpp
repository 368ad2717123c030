// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "inspect/elf_file.hpp"

namespace ociassemble {

struct GoBuildInfo {
  std::string version;  // "go1.19.8"
  std::string os;       // GOOS, from Go 1.18 on
  std::string arm;      // the first digit of GOARM
};

// What the linker wrote down (Go's debug/buildinfo, both the form of Go 1.18 and the one with pointers before it);
// empty where there is nothing, or nothing that can be read.
GoBuildInfo read_go_build_info(const ElfFile& elf, const BoundedFile& file);

}  // namespace ociassemble
