// SPDX-License-Identifier: Apache-2.0
#include "inspect/elf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "inspect/elf_file.hpp"
#include "inspect/elf_links.hpp"
#include "inspect/file_kind.hpp"
#include "inspect/go_build_info.hpp"
#include "inspect/target_system.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLongestName = 4096;  // PATH_MAX; the kernel takes no longer interpreter
constexpr std::size_t kLargestDynamic = std::size_t{1024} * 1024;
constexpr std::size_t kMostNeeded = 4096;

constexpr std::uint64_t kDtNull = 0;
constexpr std::uint64_t kDtNeeded = 1;
constexpr std::uint64_t kDtStrtab = 5;
constexpr std::uint64_t kDtSoname = 14;
constexpr std::uint64_t kDtFlags1 = 0x6FFFFFFB;
constexpr std::uint64_t kDf1Pie = 0x08000000;

struct Dynamic {
  std::vector<std::uint64_t> needed;  // offsets into the string table
  std::optional<std::uint64_t> strings;
  std::uint64_t flags_1 = 0;
  bool has_soname = false;
};

bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

void take_tag(Dynamic& dynamic, std::uint64_t tag, std::uint64_t value) {
  if (tag == kDtNeeded) dynamic.needed.push_back(value);
  if (tag == kDtStrtab) dynamic.strings = value;
  if (tag == kDtFlags1) dynamic.flags_1 = value;
  if (tag == kDtSoname) dynamic.has_soname = true;
}

Dynamic read_dynamic(const ElfFile& elf, const BoundedFile& file) {
  Dynamic dynamic;
  const auto* segment = elf.first_segment(kPtDynamic);
  if (segment == nullptr) return dynamic;
  if (segment->file_size > kLargestDynamic)
    elf.refuse_damaged(fmt::format("a dynamic section of {} bytes", segment->file_size));
  const std::string bytes = file.read(segment->offset, static_cast<std::size_t>(segment->file_size));
  const std::size_t word = elf.word();
  for (std::size_t at = 0; at + 2 * word <= bytes.size(); at += 2 * word) {
    const std::uint64_t tag = elf.number(bytes, at, word);
    if (tag == kDtNull) break;
    take_tag(dynamic, tag, elf.number(bytes, at + word, word));
  }
  if (dynamic.needed.size() > kMostNeeded)
    elf.refuse_damaged(fmt::format("it needs {} libraries", dynamic.needed.size()));
  return dynamic;
}

std::string read_name(const ElfFile& elf, const BoundedFile& file, const ElfFile::Place& strings, std::uint64_t at) {
  if (at >= strings.size) elf.refuse_damaged("a library's name is outside its string table");
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(strings.size - at, kLongestName));
  std::string name = file.read(strings.offset + at, length);
  const auto end = name.find('\0');
  if (end == std::string::npos) elf.refuse_damaged("a library's name does not end");
  name.resize(end);
  if (name.empty() || !is_plain(name)) elf.refuse_damaged("a library has no proper name");
  return name;
}

std::vector<std::string> read_needed(const ElfFile& elf, const BoundedFile& file, const Dynamic& dynamic) {
  if (dynamic.needed.empty()) return {};
  const auto strings = dynamic.strings ? elf.place_of(*dynamic.strings) : std::nullopt;
  if (!strings) elf.refuse_damaged("the string table of its dynamic section is in no segment");
  std::vector<std::string> names;
  for (const auto at : dynamic.needed) names.push_back(read_name(elf, file, *strings, at));
  return names;
}

// Position-independent programs and shared libraries have the same type. A program has an entry point, and either an
// interpreter, or the linker's word for it, or (static PIE of older linkers) nothing that only libraries have.
bool is_program(const ElfFile& elf, const Dynamic& dynamic) {
  if (elf.type() == kEtExec) return true;
  if (elf.entry() == 0) return false;
  if (elf.first_segment(kPtInterp) != nullptr || (dynamic.flags_1 & kDf1Pie) != 0) return true;
  return !dynamic.has_soname && dynamic.needed.empty();
}

void require_linked(const ElfFile& elf, const BoundedFile& file) {
  if (elf.type() == kEtRel)
    refuse_file(file.name(), "an object file, not linked", "name the program that the linker makes of it");
  if (elf.type() == kEtCore) refuse_file(file.name(), "a core dump, not a program", "name the compiled binary");
  if (elf.type() != kEtExec && elf.type() != kEtDyn) elf.refuse_damaged(fmt::format("type {}", elf.type()));
}

// GOOS, where it is a word.
std::string go_system(const GoBuild& go) {
  const auto* os = go.setting("GOOS");
  const auto is_word_character = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (os == nullptr || os->size() > 32 || !std::all_of(os->begin(), os->end(), is_word_character)) return {};
  return *os;
}

// "7" of "7" or "7,hardfloat".
std::string go_arm(const GoBuild& go) {
  const auto* arm = go.setting("GOARM");
  return arm != nullptr && !arm->empty() && arm->front() >= '5' && arm->front() <= '7' ? arm->substr(0, 1) : "";
}

// 3 of "v3".
unsigned go_x86_level(const GoBuild& go) {
  const auto* level = go.setting("GOAMD64");
  const bool is_one =
      level != nullptr && level->size() == 2 && level->starts_with('v') && (*level)[1] >= '1' && (*level)[1] <= '4';
  return is_one ? static_cast<unsigned>((*level)[1] - '0') : 0;
}

// "v8.1", "v9.0,lse": what Go's toolchain takes; the lowest, v8.0, needs nothing.
std::string go_arm64(const GoBuild& go) {
  constexpr std::size_t kLongest = 32;
  const auto* version = go.setting("GOARM64");
  const auto is_character = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == ',';
  };
  if (version == nullptr || *version == "v8.0" || version->size() > kLongest) return {};
  return std::all_of(version->begin(), version->end(), is_character) ? *version : std::string();
}

}  // namespace

ElfInfo read_elf(const std::filesystem::path& path) { return read_elf(BoundedFile(path.string())); }

ElfInfo read_elf(const BoundedFile& file) {
  require_elf_magic(file);
  const ElfFile elf(file);
  require_linked(elf, file);
  const Dynamic dynamic = read_dynamic(elf, file);
  if (!is_program(elf, dynamic)) {
    refuse_file(file.name(), "a shared library, not a program",
                "build a main package without -buildmode=c-shared, plugin or shared");
  }
  ElfInfo info;
  info.is_64_bit = elf.is_64_bit();
  info.is_little_endian = elf.is_little_endian();
  info.machine = elf.machine();
  info.interpreter = read_interpreter(elf, file);
  info.needed = read_needed(elf, file, dynamic);
  const auto go = read_go_build(elf, file).value_or(GoBuild());
  info.go_version = go.go_version;
  if (const auto* time = go.setting("vcs.time"); time != nullptr) info.vcs_time = *time;
  info.os = go_system(go);
  if (info.os.empty()) info.os = target_system(elf, file);
  if (elf_architecture(info) == "arm") info.arm = go_arm(go);
  info.arm64 = go_arm64(go);
  info.traits = read_elf_traits(elf, file);
  info.x86_level = std::max(info.traits.x86_level, go_x86_level(go));
  return info;
}

}  // namespace ociassemble
