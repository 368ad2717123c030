// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inspect/elf_file.hpp"

namespace ociassemble {

// A version that a file asks one of its libraries for (DT_VERNEED).
struct ElfVersionNeed {
  std::string library;  // as DT_NEEDED or a SONAME has it: "libc.so.6"
  std::string version;  // "GLIBC_2.34"
  bool is_weak = false;
};

// What a program or library tells the loader (gABI 4 "Dynamic Section"; LSB "Symbol Versioning"). No name holds a
// control character, and none is empty but for the paths.
struct ElfDynamic {
  std::vector<std::string> needed;  // DT_NEEDED, in order
  std::optional<std::string> soname;
  std::optional<std::string> rpath;    // colon-separated, as it is written
  std::optional<std::string> runpath;  // colon-separated, as it is written
  std::vector<ElfVersionNeed> version_needs;
  std::optional<std::vector<std::string>> version_definitions;  // DT_VERDEF; nothing for a file without versions
  bool has_symbol_versions = false;                             // DT_VERSYM
  bool has_relative_relocations = false;                        // DT_RELR
  bool binds_now = false;                                       // every symbol is looked for at the start
  bool skips_default_folders = false;                           // DF_1_NODEFLIB
  bool is_position_independent_program = false;                 // DF_1_PIE
};

// Found by the program headers alone, as loaders do; nothing is set for a file without PT_DYNAMIC. Throws
// Error{check_failed} for a damaged file: names and tables outside their segments, or more than any linker writes.
ElfDynamic read_elf_dynamic(const ElfFile& elf, const BoundedFile& file);

}  // namespace ociassemble
