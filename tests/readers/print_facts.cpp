// SPDX-License-Identifier: Apache-2.0
// Prints what the readers of lib/inspect find, a fact a line, for compare_readers:
//   print-facts elf|go|functions|apk|dpkg|cache|folders|os-release FILE…
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "inspect/apk_database.hpp"
#include "inspect/dpkg_database.hpp"
#include "inspect/elf_dynamic.hpp"
#include "inspect/elf_notes.hpp"
#include "inspect/go_build_info.hpp"
#include "inspect/go_functions.hpp"
#include "inspect/loader_cache.hpp"
#include "inspect/os_release.hpp"

using namespace ociassemble;

namespace {

std::string contents(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void print_fact(std::string_view key, std::string_view value) { fmt::print("{}\t{}\n", key, value); }

void print_elf(const ElfFile& elf, const BoundedFile& file) {
  const auto dynamic = read_elf_dynamic(elf, file);
  const auto traits = read_elf_traits(elf, file);
  for (const auto& name : dynamic.needed) print_fact("needed", name);
  if (dynamic.soname) print_fact("soname", *dynamic.soname);
  if (dynamic.rpath) print_fact("rpath", *dynamic.rpath);
  if (dynamic.runpath) print_fact("runpath", *dynamic.runpath);
  for (const auto& need : dynamic.version_needs)
    print_fact("need", fmt::format("{} {}{}", need.library, need.version, need.is_weak ? " weak" : ""));
  if (dynamic.version_definitions) {
    for (const auto& name : *dynamic.version_definitions) print_fact("definition", name);
  }
  print_fact("now", dynamic.binds_now ? "yes" : "no");
  print_fact("program", dynamic.is_position_independent_program ? "yes" : "no");
  print_fact("level", std::to_string(traits.x86_level));
  print_fact("stack", traits.has_executable_stack ? "RWE" : "RW");
  print_fact("build-id", traits.gnu_build_id);
  print_fact("packed", traits.is_packed ? "yes" : "no");
  print_fact("static-pie", traits.linkage == ElfLinkage::static_pie ? "yes" : "no");
}

// The form of `go version -m`.
void print_module(std::string_view word, const GoModule& module) {
  const auto& required = module.required;
  fmt::print("\t{}\t{}\t{}", word, required.path, required.version);
  fmt::print("{}\n", module.replacement ? "" : "\t" + required.sum);
  if (const auto& by = module.replacement) fmt::print("\t=>\t{}\t{}\t{}\n", by->path, by->version, by->sum);
}

void print_go(const ElfFile& elf, const BoundedFile& file) {
  const auto build = read_go_build(elf, file);
  if (!build) return;
  fmt::print("{}: {}\n", file.name(), build->go_version);
  if (!build->path.empty()) fmt::print("\tpath\t{}\n", build->path);
  if (build->main) print_module("mod", *build->main);
  for (const auto& module : build->dependencies) print_module("dep", module);
  for (const auto& [key, value] : build->settings) fmt::print("\tbuild\t{}={}\n", key, value);
  if (const auto id = read_go_build_id(elf, file)) fmt::print("\tid\t{}\n", id->text);
}

void print_functions(const ElfFile& elf, const BoundedFile& file) {
  const auto form = for_each_go_function(elf, file, [](std::string_view name) { fmt::print("{}\n", name); });
  fmt::print(stderr, "form {}\n", static_cast<int>(form));
}

void print_packages(const PackageList& list) {
  for (const auto& p : list.packages) {
    fmt::print("{}\t{}\t{}\t{}\t{}\t{}\n", p.name, p.version, p.architecture, p.source_name, p.source_version,
               p.is_installed ? "installed" : "removed");
  }
  fmt::print("broken\t{}\n", list.broken_records);
}

void print_cache(const std::string& bytes) {
  const auto entries = parse_loader_cache(bytes);
  if (!entries) return;
  for (const auto& e : *entries) fmt::print("{}\t{}\t{:#x}\t{}\n", e.name, e.path, e.flags, e.hwcaps);
}

void print_os_release(const OsRelease& release) {
  print_fact("ID", release.id);
  print_fact("ID_LIKE", fmt::format("{}", fmt::join(release.id_like, " ")));
  print_fact("VERSION_ID", release.version_id);
  print_fact("VERSION_CODENAME", release.version_codename);
  print_fact("PRETTY_NAME", release.pretty_name);
}

void print_file(std::string_view kind, const std::string& name) {
  if (kind == "apk") return print_packages(parse_apk_database(contents(name)));
  if (kind == "dpkg") return print_packages(parse_dpkg_status(contents(name)));
  if (kind == "cache") return print_cache(contents(name));
  if (kind == "os-release") return print_os_release(parse_os_release(contents(name)));
  const BoundedFile file(name);
  const ElfFile elf(file);
  if (kind == "elf") return print_elf(elf, file);
  if (kind == "go") return print_go(elf, file);
  if (kind == "functions") return print_functions(elf, file);
  for (const auto& folder : loader_default_folders(elf, file)) fmt::print("{}\n", folder);
}

}  // namespace

int main(int count, char** arguments) {
  for (int i = 2; i < count; ++i) {
    fmt::print("# {}\n", arguments[i]);
    try {
      print_file(arguments[1], arguments[i]);
    } catch (const std::exception& error) {
      fmt::print("error\t{}\n", error.what());
    }
  }
  return 0;
}
