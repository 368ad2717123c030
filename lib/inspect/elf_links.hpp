// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "inspect/elf_file.hpp"

namespace ociassemble {

// What the kernel and the loader load beside a program or a library.
struct ElfLinks {
  std::string fault;  // why nobody can say what is loaded; then nothing else is set
  std::string interpreter;
  std::vector<std::string> needed;  // DT_NEEDED in order, then filters (DT_FILTER, DT_AUXILIARY) and auditors
  std::vector<std::string> rpath;   // the folders of DT_RPATH as they are written; not where there is a DT_RUNPATH
  std::vector<std::string> runpath;
  std::uint16_t machine = 0;
  bool is_64_bit = true;
  bool is_little_endian = true;
};

// Of a file that begins with the ELF magic. A file that our reading and a kernel's may
// take for different things has a fault: one that is damaged, or whose headers contradict each other. Throws Error{io}.
ElfLinks read_elf_links(const BoundedFile& file);

// PT_INTERP; empty without one. Throws Error{check_failed} for a name that does not end or is no path.
std::string read_interpreter(const ElfFile& elf, const BoundedFile& file);

}  // namespace ociassemble
