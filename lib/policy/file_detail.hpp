// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "gates/library_facts.hpp"
#include "gates/program_needs.hpp"
#include "inspect/elf.hpp"
#include "inspect/go_program.hpp"
#include "policy/go_code_sizes.hpp"

namespace ociassemble {

// An ELF program of an image.
struct ProgramDetail {
  std::optional<ElfInfo> elf;       // nothing for one that is damaged
  std::optional<GoProgram> go;      // of a program that Go built
  ProgramNeeds needs;               // of a program that Go built, where they were asked for
  std::optional<GoCodeSizes> code;  // of a program that Go built, where they were asked for
  LibraryFacts facts;               // of one that asks for a loader
};

// What the rules want to know of a regular file's bytes.
struct FileDetail {
  std::optional<std::string> text;              // of the few small files that rules read
  std::shared_ptr<const LibraryFacts> library;  // of a file that is called like a library
  std::optional<std::uint64_t> certificates;    // in one of kCertificateFiles
  std::shared_ptr<const ProgramDetail> program;
  std::string script_line;  // of a script: its first line, "#!/bin/sh"
  bool holds_private_key = false;

  // Whether it is a program that Go built, or a packed one, of which nobody can tell.
  bool may_be_go() const noexcept {
    return program && (program->go.has_value() || (program->elf && program->elf->traits.is_packed));
  }
  bool is_empty() const noexcept {
    return !text && !library && !certificates && !program && script_line.empty() && !holds_private_key;
  }
};

// Details that take long to find, and that few rules ask for.
struct DetailWants {
  bool needs = false;
  bool code = false;

  // Whether what was found for `other` is enough.
  bool is_in(const DetailWants& other) const noexcept { return (!needs || other.needs) && (!code || other.code); }
};

}  // namespace ociassemble
