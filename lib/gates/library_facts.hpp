// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/elf_dynamic.hpp"
#include "inspect/elf_symbols.hpp"

namespace ociassemble {

// What decides whether a loader can load a program or library, and what others find in it.
struct LibraryFacts {
  bool is_elf = true;  // false for any other file of such a name, such as a linker script; nothing else is then set
  bool is_64_bit = true;
  bool is_little_endian = true;
  std::uint16_t machine = 0;
  unsigned x86_level = 0;
  ElfDynamic dynamic;
  std::vector<std::string> musl_symbols;      // of musl's loader, which is its libc: what it offers, sorted
  std::vector<std::string> default_folders;   // of glibc's loader
  std::string glibc_release;                  // of libc.so.6: "2.36", as it says itself
  std::vector<ElfUndefinedSymbol> undefined;  // of a program only

  bool is_musl_loader() const noexcept { return !musl_symbols.empty(); }
  bool is_glibc_loader() const noexcept;
};

// Of bytes that may be anything. Never throws for what they are: a damaged file is no ELF file to a loader either.
LibraryFacts facts_of_library(std::string_view bytes);
// The same of a file on disk. Throws Error{not_found}, Error{io}.
LibraryFacts facts_of_library_file(const std::string& file);
// Of a program on disk, with its undefined symbols. Throws what reading an ELF file does.
LibraryFacts facts_of_program(const std::string& file);
LibraryFacts facts_of_program(const BoundedFile& file);

// As text for a record, without the undefined symbols; and back. Nothing for a text that encode_library() did not
// write.
std::string encode_library(const LibraryFacts& facts);
std::optional<LibraryFacts> decode_library(std::string_view text);

// Whether a file of this path may be a library or a loader, by its name: "libz.so.1", "ld-musl-x86_64.so.1".
bool is_library_path(std::string_view path) noexcept;

}  // namespace ociassemble
