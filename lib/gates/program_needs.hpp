// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "inspect/elf_file.hpp"

namespace ociassemble {

// What the functions that are linked into a Go program say of the files that it may want at run time. Linked is not
// called: a program may never do what it could.
struct ProgramNeeds {
  bool is_known = false;  // false: no Go program, or one whose functions cannot be read
  bool loads_roots = false;
  bool is_tls_client = false;
  bool asks_for_roots = false;  // crypto/x509.SystemCertPool
  bool has_own_roots = false;   // golang.org/x/crypto/x509roots/fallback
  bool loads_zones = false;
  bool reads_local_zone = false;  // that of TZ, where it is set
  bool has_own_zones = false;     // time/tzdata
  bool looks_up_users = false;
  bool looks_up_groups = false;
  bool looks_up_itself = false;
  bool asks_libc_for_users = false;  // cgo
  bool starts_programs = false;
  bool names_shell = false;  // "/bin/sh"; looked for only where it starts programs
  bool makes_temporary_files = false;

  bool operator==(const ProgramNeeds&) const = default;
};

// Reads the names of the program's functions, and of its constants no more than it must. Throws Error{not_found},
// Error{io}; a file that is no ELF file has nothing that is known.
ProgramNeeds needs_of_program(const std::string& file);
ProgramNeeds needs_of_program(const BoundedFile& file);

// As text for a record, and back. Nothing for a text that encode_needs() did not write.
std::string encode_needs(const ProgramNeeds& needs);
std::optional<ProgramNeeds> decode_needs(std::string_view text);

}  // namespace ociassemble
