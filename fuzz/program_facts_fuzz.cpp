// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>

#include "fuzz.hpp"
#include "inspect/elf_dynamic.hpp"
#include "inspect/elf_notes.hpp"
#include "inspect/go_build_info.hpp"
#include "inspect/go_functions.hpp"
#include "inspect/go_program.hpp"
#include "inspect/loader_cache.hpp"
#include "inspect/read_only_data.hpp"
#include "ociassemble/error.hpp"

namespace {

using ociassemble::BoundedFile;
using ociassemble::ElfFile;
using ociassemble::Error;
using ociassemble::ErrorCode;
using ociassemble::fuzz::require;

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

void read_linkage(const ElfFile& elf, const BoundedFile& file) {
  const auto dynamic = ociassemble::read_elf_dynamic(elf, file);
  require(dynamic.needed.size() <= 4096 && dynamic.version_needs.size() <= 65536, "lists are bounded");
  for (const auto& need : dynamic.version_needs)
    require(!need.library.empty() && !need.version.empty() && is_one_line(need.version), "a version can be shown");
  if (dynamic.runpath) require(is_one_line(*dynamic.runpath), "a path can be shown");
}

void read_facts(const ElfFile& elf, const BoundedFile& file) {
  require(ociassemble::read_elf_traits(elf, file).x86_level <= 4, "there are four levels");
  for (const auto& folder : ociassemble::loader_default_folders(elf, file))
    require(folder.front() == '/' && folder.back() == '/' && is_one_line(folder), "a folder is a path");
  const auto build = ociassemble::read_go_build(elf, file);
  require((build ? build->go_version : "") == ociassemble::go_version(elf, file), "there is one version");
  if (build) require(is_one_line(build->go_version) && build->go_version.size() <= 256, "Go's version can be shown");
  if (const auto id = ociassemble::read_go_build_id(elf, file))
    require(is_one_line(id->text) && !id->text.empty(), "a build ID can be shown");
  const auto check_name = [](std::string_view name) {
    require(!name.empty() && name.size() <= 2 * 16384 && name.find('\0') == std::string_view::npos, "a name is one");
  };
  ociassemble::for_each_go_function(elf, file, check_name);
  ociassemble::for_each_go_file(elf, file, check_name);
  const auto program = ociassemble::read_program_file(file);
  require(!program || !program->go || build.has_value(), "a Go program has build information");
  const auto code = ociassemble::read_go_code(file, ociassemble::GoBuild());
  require(!program || code.has_value(), "a program has a digest");
  ociassemble::read_only_data_holds(elf, file, "/bin/sh");
}

template <class Read>
void try_to(Read read, const std::string& bytes) {
  try {
    const BoundedFile file("fuzz", bytes);
    read(ElfFile(file), file);
  } catch (const Error& error) {
    require(error.code() == ErrorCode::check_failed, "a bad file fails its check");
    require(is_one_line(error.what()), "an error is one line");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = ociassemble::fuzz::as_text(data, size);
  try_to(read_linkage, bytes);
  try_to(read_facts, bytes);
  ociassemble::GoBuild build;
  ociassemble::parse_go_modules(bytes, build);
  for (const auto& [key, value] : build.settings) require(!key.empty(), "a setting has a name");
  return 0;
}
