// SPDX-License-Identifier: Apache-2.0
#include "inspect/elf_notes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "inspect/elf_tags.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLargestNotes = std::size_t{1024} * 1024;
constexpr std::size_t kNoteHeader = 12;
constexpr std::uint32_t kNoteGnuBuildId = 3;
constexpr std::uint32_t kNoteGnuProperty = 5;
constexpr std::uint64_t kPropertyX86Needed = 0xC0008002;  // x86-64 psABI, "Program Property"
constexpr std::size_t kLongestBuildId = 64;
constexpr std::uint64_t kProgramFlag1 = 0x08000000;  // DF_1_PIE
constexpr std::size_t kPackerSearched = 256;

std::size_t round_up(std::size_t size, std::size_t step) { return (size + step - 1) / step * step; }

void visit_notes(const ElfFile& elf, std::string_view bytes, std::uint64_t offset, std::size_t step,
                 const std::function<void(const ElfNote&)>& visit) {
  std::size_t at = 0;
  while (bytes.size() - at >= kNoteHeader) {
    const std::uint64_t owner_size = elf.number(bytes, at, 4);
    const std::uint64_t size = elf.number(bytes, at + 4, 4);
    if (owner_size > bytes.size() || size > bytes.size()) return;
    const std::size_t from = round_up(at + kNoteHeader + static_cast<std::size_t>(owner_size), step);
    if (from > bytes.size() || size > bytes.size() - from) return;
    auto owner = bytes.substr(at + kNoteHeader, static_cast<std::size_t>(owner_size));
    owner = owner.substr(0, owner.find('\0'));
    visit({owner, static_cast<std::uint32_t>(elf.number(bytes, at + 8, 4)),
           bytes.substr(from, static_cast<std::size_t>(size)), offset + from});
    at = std::min(round_up(from + static_cast<std::size_t>(size), step), bytes.size());
  }
}

// The bits say v1 to v4; a file that needs v3 may or may not have the lower ones.
unsigned highest_level(std::uint64_t bits) {
  unsigned level = 0;
  for (unsigned bit = 0; bit < 4; ++bit) {
    if ((bits >> bit & 1U) != 0) level = bit + 1;
  }
  return level;
}

// A list of type, size and bytes, each filled up to the size of an address.
unsigned level_of_properties(const ElfFile& elf, std::string_view bytes) {
  while (bytes.size() >= 8) {
    const std::uint64_t type = elf.number(bytes, 0, 4);
    const std::uint64_t size = elf.number(bytes, 4, 4);
    bytes.remove_prefix(8);
    if (size > bytes.size()) return 0;
    if (type == kPropertyX86Needed && size == 4) return highest_level(elf.number(bytes, 0, 4));
    bytes.remove_prefix(std::min(round_up(static_cast<std::size_t>(size), elf.word()), bytes.size()));
  }
  return 0;
}

void take_note(ElfTraits& traits, const ElfFile& elf, const ElfNote& note) {
  if (note.owner != "GNU") return;
  if (note.type == kNoteGnuProperty)
    traits.x86_level = std::max(traits.x86_level, level_of_properties(elf, note.bytes));
  if (note.type == kNoteGnuBuildId && note.bytes.size() <= kLongestBuildId) {
    traits.gnu_build_id.clear();
    for (const char byte : note.bytes) traits.gnu_build_id += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
}

ElfLinkage linkage_of(const ElfFile& elf, const BoundedFile& file) {
  if (elf.first_segment(kPtInterp) != nullptr) return ElfLinkage::dynamic;
  if (elf.type() != kEtDyn) return ElfLinkage::fixed;
  if (elf.first_segment(kPtDynamic) == nullptr) return ElfLinkage::static_pie;
  const ElfTags tags(elf, file);
  if ((tags.value(kTagFlags1).value_or(0) & kProgramFlag1) != 0) return ElfLinkage::static_pie;
  const bool is_library = elf.entry() == 0 || tags.value(kTagSoname) || tags.value(kTagNeeded);
  return is_library ? ElfLinkage::shared_library : ElfLinkage::static_pie;
}

// UPX writes its l_info ("UPX!" behind a checksum) right behind the program headers, and no section headers.
bool is_packed_by_upx(const ElfFile& elf, const BoundedFile& file) {
  if (!elf.sections().empty()) return false;
  const std::size_t headers = elf.is_64_bit() ? 64 + 56 * elf.segments().size() : 52 + 32 * elf.segments().size();
  return file.read(headers, kPackerSearched).find("UPX!") != std::string::npos;
}

}  // namespace

void for_each_note(const ElfFile& elf, const BoundedFile& file, const std::function<void(const ElfNote&)>& visit) {
  std::size_t read = 0;
  for (const auto& segment : elf.segments()) {
    if (segment.type != kPtNote || segment.file_size > kLargestNotes - read) continue;
    read += static_cast<std::size_t>(segment.file_size);
    const std::string bytes = file.read(segment.offset, static_cast<std::size_t>(segment.file_size));
    visit_notes(elf, bytes, segment.offset, segment.alignment == 8 ? 8 : 4, visit);
  }
}

ElfTraits read_elf_traits(const ElfFile& elf, const BoundedFile& file) {
  ElfTraits traits;
  traits.linkage = linkage_of(elf, file);
  traits.is_packed = is_packed_by_upx(elf, file);
  for_each_note(elf, file, [&](const ElfNote& note) { take_note(traits, elf, note); });
  for (const auto& segment : elf.segments()) {
    if (segment.type == kPtLoad) traits.page_size = std::max(traits.page_size, segment.alignment);
    if (segment.type == kPtGnuStack) traits.has_executable_stack = (segment.flags & kPfExecute) != 0;
  }
  return traits;
}

}  // namespace ociassemble
