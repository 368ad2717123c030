// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "inspect/elf_file.hpp"

namespace ociassemble {

// A symbol that a program or library asks others for.
struct ElfUndefinedSymbol {
  std::string name;
  std::string library;   // where its version was, when it was linked: "libc.so.6"; empty for one without a version
  bool is_lazy = false;  // in the procedure linkage table only: glibc looks for it when it is first called
};

// The symbols that relocations refer to, that the file does not define and that are not weak, each once and sorted by
// name. Throws Error{check_failed} for a damaged file.
std::vector<ElfUndefinedSymbol> read_undefined_symbols(const ElfFile& elf, const BoundedFile& file);

// The names of the symbols that a library offers, sorted; at most `most` of them, in the table's order. Throws
// Error{check_failed} for a damaged file.
std::vector<std::string> read_defined_symbols(const ElfFile& elf, const BoundedFile& file, std::size_t most);

}  // namespace ociassemble
