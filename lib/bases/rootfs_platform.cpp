// SPDX-License-Identifier: Apache-2.0
#include "bases/rootfs_platform.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "base/text.hpp"
#include "bases/base.hpp"
#include "gates/library_facts.hpp"
#include "image/layer_reader.hpp"
#include "inspect/elf.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr const char* kProgramsKind = "rootfs-programs";
constexpr std::size_t kHeaderSize = 20;  // up to e_machine
constexpr std::size_t kMostMachines = 16;

// A file for each machine that there is, by class, byte order and e_machine: the bytes of its ELF header that say so.
using Machines = std::map<std::string, std::string>;

ElfInfo machine_of(std::string_view header) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(header[at]); };
  ElfInfo elf;
  elf.is_64_bit = byte(0) == 2;
  elf.is_little_endian = byte(1) == 1;
  elf.machine = static_cast<std::uint16_t>(elf.is_little_endian ? byte(2) | byte(3) << 8U : byte(2) << 8U | byte(3));
  return elf;
}

std::string header_of(const LibraryFacts& facts) {
  const auto low = static_cast<char>(facts.machine & 0xffU);
  const auto high = static_cast<char>(facts.machine >> 8U);
  return {static_cast<char>(facts.is_64_bit ? 2 : 1), static_cast<char>(facts.is_little_endian ? 1 : 2),
          facts.is_little_endian ? low : high, facts.is_little_endian ? high : low};
}

void note(Machines& machines, std::string header, const std::string& path) {
  if (machines.size() < kMostMachines) machines.try_emplace(std::move(header), path);
}

// Libraries and loaders, of which the tree knows what they are for: where loaders look, and one folder deeper.
void note_libraries(Machines& machines, const Tree::Node& folder, const std::string& path, int depth) {
  for (const auto& [name, child] : folder.children) {
    const auto below = fmt::format("{}/{}", path, name);
    if (child.type == EntryType::directory && depth > 0) note_libraries(machines, child, below, depth - 1);
    if (child.type != EntryType::regular || !child.contents() || !is_library_path(below)) continue;
    if (const auto facts = decode_library(*child.contents()); facts && facts->is_elf)
      note(machines, header_of(*facts), below);
  }
}

Machines libraries_in(const Tree& tree) {
  Machines machines;
  for (const char* path : {"lib", "lib64", "lib32", "usr/lib", "usr/lib64", "usr/lib32"}) {
    const auto* folder = tree.follow(path);
    if (folder != nullptr && folder->type == EntryType::directory) note_libraries(machines, *folder, path, 1);
  }
  return machines;
}

Machines programs_in(const std::vector<Layer>& layers, const std::stop_token& stop) {
  Machines machines;
  std::array<std::byte, kHeaderSize> bytes{};
  for (const auto& layer : layers) {
    for_each_entry(layer, stop, [&](const ReadEntry& read) {
      if (read.entry.type != EntryType::regular || (read.entry.mode & 0111U) == 0) return;
      if (read_full(read.data, bytes) < bytes.size()) return;
      const auto header = as_text(bytes);
      if (!header.starts_with("\x7f"
                              "ELF"))
        return;
      note(machines, std::string(header.substr(4, 2)) + std::string(header.substr(18, 2)), read.entry.path);
    });
  }
  return machines;
}

std::string to_record(const Machines& machines) {
  std::string record;
  for (const auto& [header, path] : machines) record.append(header).append(path).append(1, '\0');
  return record;
}

Machines from_record(std::string_view record) {
  Machines machines;
  while (record.size() > 4) {
    const auto end = record.find('\0', 4);
    if (end == std::string_view::npos) break;
    machines.emplace(record.substr(0, 4), record.substr(4, end - 4));
    record.remove_prefix(end + 1);
  }
  return machines;
}

Machines known_programs_in(const std::vector<Layer>& layers, const Workplace& workplace) {
  auto cache = open_record_cache(workplace);
  const auto key = tree_key(layers);
  if (const auto record = cache ? cache->find(kProgramsKind, key) : std::nullopt) return from_record(record->bytes);
  auto machines = programs_in(layers, workplace.stop);
  if (cache) cache->put(kProgramsKind, key, to_record(machines));
  return machines;
}

}  // namespace

void require_platform(const Tree& tree, const std::vector<Layer>& layers, const Platform& platform,
                      std::string_view name, const Workplace& workplace) {
  auto machines = libraries_in(tree);
  if (machines.empty()) machines = known_programs_in(layers, workplace);
  const auto fits = [&](const auto& one) { return elf_matches(machine_of(one.first), platform); };
  if (machines.empty() || std::ranges::any_of(machines, fits)) return;
  const auto& [header, path] = *machines.begin();
  throw Error(ErrorCode::check_failed,
              fmt::format("cannot use {} as a base for {}: its {} is for {}", name, platform.to_string(),
                          printable(path), elf_platform(machine_of(header))),
              "name the root file system of that platform, or another --platform");
}

}  // namespace ociassemble
