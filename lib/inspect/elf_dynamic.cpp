// SPDX-License-Identifier: Apache-2.0
#include "inspect/elf_dynamic.hpp"

#include <fmt/format.h>

#include <string_view>

#include "inspect/elf_tags.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostLibraries = 4096;
constexpr std::size_t kMostVersions = 65536;

constexpr std::uint64_t kFlagBindNow = 8;           // DF_BIND_NOW
constexpr std::uint64_t kFlag1Now = 1;              // DF_1_NOW
constexpr std::uint64_t kFlag1NoDefault = 0x800;    // DF_1_NODEFLIB
constexpr std::uint64_t kFlag1Program = 0x8000000;  // DF_1_PIE
constexpr std::uint64_t kVersionWeak = 2;           // VER_FLG_WEAK

// The version tables are lists of records; each says how far on the next is, 0 ends. They have the same layout in both
// classes.
class VersionTable {
 public:
  VersionTable(const ElfFile& elf, const BoundedFile& file, std::uint64_t address) : elf_(elf), file_(file) {
    const auto place = elf.place_of(address);
    if (!place) elf.refuse_damaged("a version table is in no segment");
    place_ = *place;
  }

  std::string record(std::uint64_t at, std::size_t size) const {
    if (at > place_.size || size > place_.size - at) elf_.refuse_damaged("a version table ends too early");
    return file_.read(place_.offset + at, size);
  }
  // `width` 2 (Half) or 4 (Word).
  std::uint64_t number(std::string_view record, std::size_t at, std::size_t width) const {
    return elf_.number(record, at, width);
  }

 private:
  const ElfFile& elf_;
  const BoundedFile& file_;
  ElfFile::Place place_;
};

void check_version_count(const ElfFile& elf, std::size_t count) {
  if (count > kMostVersions) elf.refuse_damaged(fmt::format("more than {} symbol versions", kMostVersions));
}

// Verneed: version, count, file, first auxiliary, next. Vernaux: hash, flags, other, name, next.
std::vector<ElfVersionNeed> read_version_needs(const ElfFile& elf, const BoundedFile& file, const ElfTags& tags) {
  std::vector<ElfVersionNeed> needs;
  const auto address = tags.value(kTagVersionNeeds);
  if (!address) return needs;
  const VersionTable table(elf, file, *address);
  std::size_t records = 0;
  for (std::uint64_t at = 0, next = 1; next != 0; at += next) {
    check_version_count(elf, ++records);
    const std::string need = table.record(at, 16);
    const std::string library = tags.name(table.number(need, 4, 4));
    std::uint64_t aux_at = at + table.number(need, 8, 4);
    for (auto left = table.number(need, 2, 2); left > 0; --left) {
      check_version_count(elf, needs.size() + 1);
      const std::string aux = table.record(aux_at, 16);
      needs.push_back({library, tags.name(table.number(aux, 8, 4)), (table.number(aux, 4, 2) & kVersionWeak) != 0});
      const auto step = table.number(aux, 12, 4);
      if (step == 0) break;
      aux_at += step;
    }
    next = table.number(need, 12, 4);
  }
  return needs;
}

// Verdef: version, flags, index, count, hash, first auxiliary, next. Verdaux: name, next; the first names the version,
// the others those that it inherits from.
std::optional<std::vector<std::string>> read_version_definitions(const ElfFile& elf, const BoundedFile& file,
                                                                 const ElfTags& tags) {
  const auto address = tags.value(kTagVersionDefinitions);
  if (!address) return {};
  const VersionTable table(elf, file, *address);
  std::vector<std::string> names;
  for (std::uint64_t at = 0, next = 1; next != 0; at += next) {
    check_version_count(elf, names.size() + 1);
    const std::string definition = table.record(at, 20);
    const std::string aux = table.record(at + table.number(definition, 12, 4), 8);
    names.push_back(tags.name(table.number(aux, 0, 4)));
    next = table.number(definition, 16, 4);
  }
  return names;
}

std::optional<std::string> read_text(const ElfTags& tags, std::uint64_t tag) {
  const auto at = tags.value(tag);
  if (!at) return {};
  return tags.text(*at);
}

}  // namespace

ElfDynamic read_elf_dynamic(const ElfFile& elf, const BoundedFile& file) {
  const ElfTags tags(elf, file);
  ElfDynamic dynamic;
  const auto needed = tags.values(kTagNeeded);
  if (needed.size() > kMostLibraries) elf.refuse_damaged(fmt::format("it needs {} libraries", needed.size()));
  for (const auto at : needed) dynamic.needed.push_back(tags.name(at));
  dynamic.soname = read_text(tags, kTagSoname);
  dynamic.rpath = read_text(tags, kTagRpath);
  dynamic.runpath = read_text(tags, kTagRunpath);
  dynamic.version_needs = read_version_needs(elf, file, tags);
  dynamic.version_definitions = read_version_definitions(elf, file, tags);
  dynamic.has_symbol_versions = tags.value(kTagVersionSymbols).has_value();
  dynamic.has_relative_relocations = tags.value(kTagRelr).has_value();
  const auto flags = tags.value(kTagFlags).value_or(0);
  const auto flags_1 = tags.value(kTagFlags1).value_or(0);
  dynamic.binds_now = tags.value(kTagBindNow) || (flags & kFlagBindNow) != 0 || (flags_1 & kFlag1Now) != 0;
  dynamic.skips_default_folders = (flags_1 & kFlag1NoDefault) != 0;
  dynamic.is_position_independent_program = (flags_1 & kFlag1Program) != 0;
  return dynamic;
}

}  // namespace ociassemble
