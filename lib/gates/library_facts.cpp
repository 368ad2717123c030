// SPDX-License-Identifier: Apache-2.0
#include "gates/library_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "inspect/elf_notes.hpp"
#include "inspect/loader_cache.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kFactsMagic = "library 1\n";
constexpr std::size_t kMostMuslSymbols = 20000;  // musl 1.2 has some 1,900
constexpr std::size_t kLargestLibc = std::size_t{16} * 1024 * 1024;
constexpr std::size_t kLongestRelease = 16;
constexpr std::string_view kMuslProof = "__libc_start_main";

// "GNU C Library (Debian GLIBC 2.31-13+deb11u11) stable release version 2.31." The highest symbol version may be older.
std::string release_in(std::string_view bytes) {
  constexpr std::string_view kWords = " release version ";
  const auto at = bytes.find(kWords);
  if (at == std::string_view::npos) return {};
  auto number = bytes.substr(at + kWords.size(), kLongestRelease);
  number = number.substr(0, number.find_first_not_of("0123456789."));
  while (number.ends_with('.')) number.remove_suffix(1);
  return std::string(number);
}

std::string read_glibc_release(const ElfFile& elf, const BoundedFile& file) {
  for (const auto& segment : elf.segments()) {
    const bool is_read_only = segment.type == kPtLoad && (segment.flags & kPfWrite) == 0;
    if (!is_read_only || segment.file_size > kLargestLibc) continue;
    auto release = release_in(file.read(segment.offset, static_cast<std::size_t>(segment.file_size)));
    if (!release.empty()) return release;
  }
  return {};
}

LibraryFacts read_facts(const ElfFile& elf, const BoundedFile& file) {
  LibraryFacts facts;
  facts.is_64_bit = elf.is_64_bit();
  facts.is_little_endian = elf.is_little_endian();
  facts.machine = elf.machine();
  facts.x86_level = read_elf_traits(elf, file).x86_level;
  facts.dynamic = read_elf_dynamic(elf, file);
  return facts;
}

// musl's loader and libc are one file, which offers the program's start and has no symbol versions.
void add_loader_facts(LibraryFacts& facts, const ElfFile& elf, const BoundedFile& file) {
  if (facts.dynamic.soname == "libc.so.6") facts.glibc_release = read_glibc_release(elf, file);
  if (facts.is_glibc_loader()) facts.default_folders = loader_default_folders(elf, file);
  if (facts.dynamic.version_definitions || !facts.dynamic.needed.empty()) return;
  auto symbols = read_defined_symbols(elf, file, kMostMuslSymbols);
  if (std::binary_search(symbols.begin(), symbols.end(), kMuslProof)) facts.musl_symbols = std::move(symbols);
}

LibraryFacts facts_of(const BoundedFile& file) {
  LibraryFacts none;
  none.is_elf = false;
  if (file.read(0, 4) != "\x7f\x45\x4c\x46") return none;
  try {
    const ElfFile elf(file);
    if (elf.type() != kEtDyn && elf.type() != kEtExec) return none;
    auto facts = read_facts(elf, file);
    add_loader_facts(facts, elf, file);
    return facts;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::check_failed) throw;
    return none;
  }
}

void put_line(std::string& text, char key, std::string_view value) {
  text += key;
  text += value;
  text += '\n';
}

std::string flags_text(const LibraryFacts& facts) {
  const auto& dynamic = facts.dynamic;
  std::string flags;
  if (facts.is_64_bit) flags += 'w';
  if (facts.is_little_endian) flags += 'l';
  if (dynamic.has_symbol_versions) flags += 'v';
  if (dynamic.version_definitions) flags += 'd';
  if (dynamic.has_relative_relocations) flags += 'r';
  if (dynamic.skips_default_folders) flags += 'n';
  return flags;
}

void take_flags(LibraryFacts& facts, std::string_view flags) {
  const auto has = [&](char flag) { return flags.find(flag) != std::string_view::npos; };
  facts.is_64_bit = has('w');
  facts.is_little_endian = has('l');
  facts.dynamic.has_symbol_versions = has('v');
  if (has('d')) facts.dynamic.version_definitions.emplace();
  facts.dynamic.has_relative_relocations = has('r');
  facts.dynamic.skips_default_folders = has('n');
}

template <class Number>
bool take_number(Number& number, std::string_view text) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

// "LIBRARY\tVERSION" with "\tweak" behind it where it is.
bool take_need(LibraryFacts& facts, std::string_view value) {
  const auto tab = value.find('\t');
  if (tab == std::string_view::npos) return false;
  const auto rest = value.substr(tab + 1);
  const auto end = rest.find('\t');
  facts.dynamic.version_needs.push_back(
      {std::string(value.substr(0, tab)), std::string(rest.substr(0, end)), end != std::string_view::npos});
  return true;
}

bool take_fact(LibraryFacts& facts, char key, std::string_view value) {
  auto& dynamic = facts.dynamic;
  switch (key) {
    case 'x':
      facts.is_elf = false;
      return true;
    case 'm':
      return take_number(facts.machine, value);
    case 'i':
      return take_number(facts.x86_level, value);
    case 'f':
      take_flags(facts, value);
      return true;
    case 'n':
      dynamic.needed.emplace_back(value);
      return true;
    case 's':
      dynamic.soname = value;
      return true;
    case 'p':
      dynamic.rpath = value;
      return true;
    case 'r':
      dynamic.runpath = value;
      return true;
    case 'v':
      return take_need(facts, value);
    case 'd':
      if (dynamic.version_definitions) dynamic.version_definitions->emplace_back(value);
      return dynamic.version_definitions.has_value();
    case 'y':
      facts.musl_symbols.emplace_back(value);
      return true;
    case 'g':
      facts.glibc_release = value;
      return true;
    case 'o':
      facts.default_folders.emplace_back(value);
      return true;
    default:
      return false;
  }
}

}  // namespace

bool LibraryFacts::is_glibc_loader() const noexcept {
  const auto& soname = dynamic.soname;
  return soname && (soname->starts_with("ld-") || soname->starts_with("ld64.so") || soname->starts_with("ld.so"));
}

LibraryFacts facts_of_library(std::string_view bytes) { return facts_of(BoundedFile("a library", bytes)); }

LibraryFacts facts_of_library_file(const std::string& file) { return facts_of(BoundedFile(file)); }

LibraryFacts facts_of_program(const std::string& name) { return facts_of_program(BoundedFile(name)); }

LibraryFacts facts_of_program(const BoundedFile& file) {
  const ElfFile elf(file);
  auto facts = read_facts(elf, file);
  facts.undefined = read_undefined_symbols(elf, file);
  return facts;
}

std::string encode_library(const LibraryFacts& facts) {
  std::string text(kFactsMagic);
  if (!facts.is_elf) {
    put_line(text, 'x', "");
    return text;
  }
  const auto& dynamic = facts.dynamic;
  put_line(text, 'f', flags_text(facts));
  put_line(text, 'm', std::to_string(facts.machine));
  if (facts.x86_level != 0) put_line(text, 'i', std::to_string(facts.x86_level));
  for (const auto& name : dynamic.needed) put_line(text, 'n', name);
  if (dynamic.soname) put_line(text, 's', *dynamic.soname);
  if (dynamic.rpath) put_line(text, 'p', *dynamic.rpath);
  if (dynamic.runpath) put_line(text, 'r', *dynamic.runpath);
  for (const auto& need : dynamic.version_needs)
    put_line(text, 'v', fmt::format("{}\t{}{}", need.library, need.version, need.is_weak ? "\tweak" : ""));
  if (dynamic.version_definitions) {
    for (const auto& name : *dynamic.version_definitions) put_line(text, 'd', name);
  }
  if (!facts.glibc_release.empty()) put_line(text, 'g', facts.glibc_release);
  for (const auto& name : facts.musl_symbols) put_line(text, 'y', name);
  for (const auto& folder : facts.default_folders) put_line(text, 'o', folder);
  return text;
}

std::optional<LibraryFacts> decode_library(std::string_view text) {
  if (!text.starts_with(kFactsMagic)) return {};
  text.remove_prefix(kFactsMagic.size());
  LibraryFacts facts;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == 0 || end == std::string_view::npos) return {};
    if (!take_fact(facts, text[0], text.substr(1, end - 1))) return {};
    text.remove_prefix(end + 1);
  }
  return facts;
}

bool is_library_path(std::string_view path) noexcept {
  const auto name = path.substr(path.rfind('/') + 1);
  if (name == "ld.so.cache" || name == "ld.so.conf" || name == "ld.so.preload") return false;
  const auto at = name.find(".so");
  return at != std::string_view::npos && at > 0 && (at + 3 == name.size() || name[at + 3] == '.');
}

}  // namespace ociassemble
