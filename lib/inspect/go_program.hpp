// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inspect/elf_file.hpp"
#include "ociassemble/digest.hpp"
#include "ociassemble/go_program.hpp"

namespace ociassemble {

// A file that Go built, or that UPX packed so that nobody can tell who built it.
struct ProgramFile {
  std::string architecture;     // in Go's words: "amd64"
  std::optional<GoProgram> go;  // nothing for a packed one
};
// Nothing for any other file, damaged ones included. Reads pieces only. Throws Error{io}.
std::optional<ProgramFile> read_program_file(const BoundedFile& file);

// Roughly how much memory the facts take.
std::uint64_t size_of_facts(const GoProgram& program);

// What is compared of two builds of a program, besides what they say of themselves.
struct GoCode {
  Digest without_ids;  // of the file with zeros for the build IDs, Go's and GNU's
  Digest text;         // of the machine code
  std::uint64_t text_size = 0;
  std::optional<Digest> functions;  // of the table of functions and lines, which does not depend on where data lies
  std::vector<std::string> files;   // of the source, where -trimpath did not take their folders; up to 4 MiB of names
};
// Reads the file once, in pieces. Nothing for a damaged file. Throws Error{io}.
std::optional<GoCode> read_go_code(const BoundedFile& file, const GoBuild& build);

}  // namespace ociassemble
