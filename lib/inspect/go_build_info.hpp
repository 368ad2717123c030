// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/elf_file.hpp"
#include "ociassemble/go_program.hpp"

namespace ociassemble {

// Nothing where there is no build information, or none that can be read: both the form of Go 1.18 and the one with
// pointers before it, in its section or anywhere in the segments that hold data.
std::optional<GoBuild> read_go_build(const ElfFile& elf, const BoundedFile& file);
// The version alone, which is all that most callers want; empty where there is none.
std::string go_version(const ElfFile& elf, const BoundedFile& file);

// "path…", "mod…", "dep…", "=>…" and "build…" lines; unknown ones are skipped, as Go does for those of later versions.
void parse_go_modules(std::string_view text, GoBuild& build);

// The linker's build ID. Nothing where there is none; the parts are empty where it does not have four.
std::optional<GoBuildId> read_go_build_id(const ElfFile& elf, const BoundedFile& file);

struct FileRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};
// Where the file has build IDs, Go's and GNU's.
std::vector<FileRange> build_id_places(const ElfFile& elf, const BoundedFile& file);

}  // namespace ociassemble
