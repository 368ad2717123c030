// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "inspect/elf_file.hpp"
#include "ociassemble/go_program.hpp"

namespace ociassemble {

// How much machine code of a Go program is whose, in bytes. "std" is the standard library, and what the compiler makes.
struct GoCodeSizes {
  std::map<std::string, std::uint64_t> modules;
  std::map<std::string, std::uint64_t> packages;
};

// Nothing where the table of functions cannot be read, or names more than 100,000 packages.
std::optional<GoCodeSizes> read_go_code_sizes(const ElfFile& elf, const BoundedFile& file, const GoBuild& build);

// "github.com/a/b.(*T).M" -> "github.com/a/b"; "gopkg.in/yaml%2ev3.Marshal" -> "gopkg.in/yaml.v3"; "type:.eq.x" -> "".
std::string package_of_function(std::string_view name);

}  // namespace ociassemble
