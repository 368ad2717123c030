// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "inspect/elf_notes.hpp"
#include "inspect/go_build_info.hpp"

namespace ociassemble {
namespace {

constexpr std::uint32_t kNoteGoBuildId = 4;  // ELF_NOTE_GOBUILDID_TAG
constexpr std::size_t kLongestGoBuildId = 512;
constexpr std::string_view kTextPrefix = "\xff Go build ID: \"";
constexpr std::string_view kTextSuffix = "\"\n \xff";
constexpr std::size_t kTextSearched = std::size_t{32} * 1024;  // cmd/internal/buildid looks no further

bool is_build_id(std::string_view text) {
  return !text.empty() && text.size() <= kLongestGoBuildId &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::string id_of_note(const ElfFile& elf, const BoundedFile& file) {
  std::string id;
  for_each_note(elf, file, [&](const ElfNote& note) {
    if (note.owner == "Go" && note.type == kNoteGoBuildId && is_build_id(note.bytes)) id = note.bytes;
  });
  return id;
}

// Where external linkers drop the note, the text is at the beginning of the code.
std::string id_of_text(const ElfFile& elf, const BoundedFile& file) {
  for (const auto& segment : elf.segments()) {
    if (segment.type != kPtLoad || (segment.flags & kPfExecute) == 0) continue;
    const std::string bytes =
        file.read(segment.offset, static_cast<std::size_t>(std::min<std::uint64_t>(segment.file_size, kTextSearched)));
    const auto from = bytes.find(kTextPrefix);
    if (from == std::string::npos) continue;
    const auto rest = std::string_view(bytes).substr(from + kTextPrefix.size());
    const auto id = rest.substr(0, rest.find(kTextSuffix));
    if (id.size() < rest.size() && is_build_id(id)) return std::string(id);
  }
  return {};
}

}  // namespace

std::optional<GoBuildId> read_go_build_id(const ElfFile& elf, const BoundedFile& file) {
  GoBuildId id;
  id.text = id_of_note(elf, file);
  if (id.text.empty()) id.text = id_of_text(elf, file);
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

}  // namespace ociassemble
