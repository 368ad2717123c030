// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "inspect/elf_file.hpp"
#include "inspect/elf_notes.hpp"
#include "ociassemble/platform.hpp"

namespace ociassemble {

// What a program says of itself (ELF gABI 4; Go's debug/buildinfo).
struct ElfInfo {
  bool is_64_bit = true;
  bool is_little_endian = true;
  std::uint16_t machine = 0;        // e_machine
  std::string interpreter;          // PT_INTERP; empty for a static binary, static PIE included
  std::vector<std::string> needed;  // DT_NEEDED, in order
  std::string go_version;           // "go1.19.8" where the binary has Go build information
  std::string os;                   // "linux", "freebsd", … in Go's words; empty where nothing says it
  std::string vcs_time;             // of the commit that a Go program was built from, in RFC 3339
  std::string arm;                  // GOARM of a Go program: "5", "6" or "7"
  std::string arm64;                // GOARM64 of a Go program where it is above the lowest: "v8.1", "v9.0,lse"
  unsigned x86_level = 0;           // x86-64-v1 to v4 that it needs, by GOAMD64 or its notes; 0: nothing says it
  ElfTraits traits;
};

// Reads only headers and the few bytes that it needs; the file may be hostile. Throws Error{not_found}, Error{io}, and
// Error{check_failed} that says what the file is instead: empty, a script (with its first line), a directory, a Mach-O
// or PE file ("built for macOS", hint: GOOS=linux), an archive, an object file, a shared library, a truncated or
// damaged ELF file. The interpreter and the needed names hold no control characters.
ElfInfo read_elf(const std::filesystem::path& file);
// The same of a file that is open already, or in memory.
ElfInfo read_elf(const BoundedFile& file);

// "amd64", "arm64", … in Go's words, for a machine that we know; the number otherwise.
std::string elf_architecture(const ElfInfo& elf);
// The same with the system and the variant that are known: "freebsd/amd64", "linux/arm/v7"; linux where nothing says
// it.
std::string elf_platform(const ElfInfo& elf);
// Whether the platform can run it (amd64 runs amd64 only; "arm" any 32-bit ARM of up to its version; byte order, class
// and system count).
bool elf_matches(const ElfInfo& elf, const Platform& platform);

}  // namespace ociassemble
