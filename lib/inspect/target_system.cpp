// SPDX-License-Identifier: Apache-2.0
#include "inspect/target_system.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace ociassemble {
namespace {

constexpr std::size_t kLargestSystemNotes = std::size_t{64} * 1024;
constexpr std::uint64_t kAbiNote = 1;

struct NamedSystem {
  unsigned number;
  std::string_view name;
};

// gABI 4, "Operating System and ABI identification"; 0 and 3 (GNU) are Linux or nobody's.
constexpr std::array kOsAbis{NamedSystem{2, "netbsd"},  NamedSystem{4, "hurd"}, NamedSystem{6, "solaris"},
                             NamedSystem{7, "aix"},     NamedSystem{8, "irix"}, NamedSystem{9, "freebsd"},
                             NamedSystem{12, "openbsd"}};
// The first word of NT_GNU_ABI_TAG.
constexpr std::array kGnuTags{NamedSystem{0, "linux"}, NamedSystem{1, "hurd"}, NamedSystem{2, "solaris"},
                              NamedSystem{3, "freebsd"}, NamedSystem{4, "netbsd"}};

struct NoteOwner {
  std::string_view owner;
  std::string_view system;
};
constexpr std::array kNoteOwners{NoteOwner{"FreeBSD", "freebsd"}, NoteOwner{"NetBSD", "netbsd"},
                                 NoteOwner{"OpenBSD", "openbsd"}, NoteOwner{"DragonFly", "dragonfly"},
                                 NoteOwner{"Android", "android"}};

template <std::size_t size>
std::string name_of(const std::array<NamedSystem, size>& systems, std::uint64_t number) {
  const auto found = std::find_if(systems.begin(), systems.end(), [&](const auto& s) { return s.number == number; });
  return found == systems.end() ? std::string() : std::string(found->name);
}

std::string system_of_note(const ElfFile& elf, std::string_view owner, std::string_view description) {
  if (owner == "GNU") return description.size() < 4 ? std::string() : name_of(kGnuTags, elf.number(description, 0, 4));
  const auto found =
      std::find_if(kNoteOwners.begin(), kNoteOwners.end(), [&](const auto& note) { return note.owner == owner; });
  return found == kNoteOwners.end() ? std::string() : std::string(found->system);
}

std::size_t aligned(std::uint64_t size) { return static_cast<std::size_t>((size + 3) / 4 * 4); }

// Notes: the sizes of name and description, a type, both padded to words.
std::string system_of_notes(const ElfFile& elf, std::string_view notes) {
  while (notes.size() >= 12) {
    const auto name_size = elf.number(notes, 0, 4);
    const auto description_size = elf.number(notes, 4, 4);
    const auto type = elf.number(notes, 8, 4);
    notes.remove_prefix(12);
    if (name_size > notes.size() || description_size > notes.size() || aligned(name_size) > notes.size()) return {};
    auto owner = notes.substr(0, static_cast<std::size_t>(name_size));
    owner = owner.substr(0, owner.find('\0'));
    notes.remove_prefix(aligned(name_size));
    const auto description = notes.substr(0, static_cast<std::size_t>(description_size));
    if (type == kAbiNote) {
      if (auto system = system_of_note(elf, owner, description); !system.empty()) return system;
    }
    notes.remove_prefix(std::min(notes.size(), aligned(description_size)));
  }
  return {};
}

}  // namespace

std::string target_system(const ElfFile& elf, const BoundedFile& file) {
  if (auto system = name_of(kOsAbis, elf.os_abi()); !system.empty()) return system;
  for (const auto& segment : elf.segments()) {
    if (segment.type != kPtNote) continue;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(segment.file_size, kLargestSystemNotes));
    if (auto system = system_of_notes(elf, file.read(segment.offset, size)); !system.empty()) return system;
  }
  return {};
}

}  // namespace ociassemble
