// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "inspect/elf_file.hpp"

namespace ociassemble {

// A note of a PT_NOTE segment (gABI 4 "Note Section").
struct ElfNote {
  std::string_view owner;  // "GNU", without the zero that ends it
  std::uint32_t type = 0;
  std::string_view bytes;
  std::uint64_t offset = 0;  // of the bytes in the file
};
// Calls for each note up to the first damaged one. Of a segment at most a megabyte is read.
void for_each_note(const ElfFile& elf, const BoundedFile& file, const std::function<void(const ElfNote&)>& visit);

// How a program comes into memory.
enum class ElfLinkage { fixed, static_pie, dynamic, shared_library };

// What the headers and notes of a file say about the machine that can run it.
struct ElfTraits {
  ElfLinkage linkage = ElfLinkage::fixed;
  unsigned x86_level = 0;             // x86-64-v1 to v4 that it needs (GNU_PROPERTY_X86_ISA_1_NEEDED); 0: not said
  bool has_executable_stack = false;  // PT_GNU_STACK with X
  std::uint64_t page_size = 0;        // the largest alignment of a PT_LOAD
  bool is_packed = false;             // by UPX: the headers are those of the unpacker, and say nothing of the program
  std::string gnu_build_id;           // in hexadecimal; empty where there is none
};
ElfTraits read_elf_traits(const ElfFile& elf, const BoundedFile& file);

}  // namespace ociassemble
