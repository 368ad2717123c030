// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "inspect/elf_notes.hpp"
#include "inspect/go_build_info.hpp"

namespace ociassemble {
namespace {

constexpr std::uint32_t kNoteGoBuildId = 4;  // ELF_NOTE_GOBUILDID_TAG
constexpr std::uint32_t kNoteLinkersId = 3;  // NT_GNU_BUILD_ID
constexpr std::size_t kLongestGoBuildId = 512;
constexpr std::string_view kTextPrefix = "\xff Go build ID: \"";
constexpr std::string_view kTextSuffix = "\"\n \xff";
constexpr std::size_t kTextSearched = std::size_t{32} * 1024;  // cmd/internal/buildid looks no further

bool is_build_id(std::string_view text) {
  return !text.empty() && text.size() <= kLongestGoBuildId &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

struct PlacedId {
  std::string text;
  FileRange place;
};

PlacedId id_of_note(const ElfFile& elf, const BoundedFile& file) {
  PlacedId id;
  for_each_note(elf, file, [&](const ElfNote& note) {
    if (note.owner != "Go" || note.type != kNoteGoBuildId || !is_build_id(note.bytes)) return;
    id = {std::string(note.bytes), {note.offset, note.bytes.size()}};
  });
  return id;
}

// Where external linkers drop the note, the text is at the beginning of the code.
PlacedId id_of_text(const ElfFile& elf, const BoundedFile& file) {
  for (const auto& segment : elf.segments()) {
    if (segment.type != kPtLoad || (segment.flags & kPfExecute) == 0) continue;
    const std::string bytes =
        file.read(segment.offset, static_cast<std::size_t>(std::min<std::uint64_t>(segment.file_size, kTextSearched)));
    auto from = bytes.find(kTextPrefix);
    if (from == std::string::npos) continue;
    from += kTextPrefix.size();
    const auto rest = std::string_view(bytes).substr(from);
    const auto id = rest.substr(0, rest.find(kTextSuffix));
    if (id.size() < rest.size() && is_build_id(id)) return {std::string(id), {segment.offset + from, id.size()}};
  }
  return {};
}

PlacedId find_go_build_id(const ElfFile& elf, const BoundedFile& file) {
  auto id = id_of_note(elf, file);
  return id.text.empty() ? id_of_text(elf, file) : id;
}

}  // namespace

std::optional<GoBuildId> read_go_build_id(const ElfFile& elf, const BoundedFile& file) {
  GoBuildId id;
  id.text = find_go_build_id(elf, file).text;
  if (id.text.empty()) return {};
  if (std::count(id.text.begin(), id.text.end(), '/') != 3) return id;
  std::string_view rest = id.text;
  for (auto* part : std::array{&id.binary_action, &id.main_action, &id.main_content, &id.binary_content}) {
    const auto end = std::min(rest.find('/'), rest.size());
    *part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return id;
}

std::vector<FileRange> build_id_places(const ElfFile& elf, const BoundedFile& file) {
  std::vector<FileRange> places;
  if (const auto id = find_go_build_id(elf, file); !id.text.empty()) places.push_back(id.place);
  for_each_note(elf, file, [&](const ElfNote& note) {
    if (note.owner == "GNU" && note.type == kNoteLinkersId) places.push_back({note.offset, note.bytes.size()});
  });
  return places;
}

}  // namespace ociassemble
