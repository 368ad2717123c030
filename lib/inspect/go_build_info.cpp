// SPDX-License-Identifier: Apache-2.0
#include "inspect/go_build_info.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace ociassemble {
namespace {

constexpr std::string_view kMagic = "\xff Go buildinf:";
constexpr std::size_t kAlignment = 16;
constexpr std::size_t kHeaderSize = 32;
constexpr std::size_t kSearched = std::size_t{64} * 1024;  // Go's own reader looks no further
constexpr std::size_t kLongestVersion = 256;
constexpr std::size_t kLargestInfo = std::size_t{4} << 20U;  // a section, with the list of all modules
constexpr std::size_t kSentinel = 16;                        // before the list of modules and settings, and after it

struct Range {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// The section, else the first writable data segment (Go's debug/buildinfo, "DataStart").
std::optional<Range> where_to_look(const ElfFile& elf) {
  const auto section = elf.section(".go.buildinfo");
  if (section && section->type != kShtNobits) return Range{section->offset, section->size};
  for (const auto& segment : elf.segments()) {
    if (segment.type == kPtLoad && (segment.flags & (kPfExecute | kPfWrite)) == kPfWrite)
      return Range{segment.offset, segment.file_size};
  }
  return {};
}

// From the magic on; empty when it is not there.
std::string_view find_info(std::string_view data) {
  for (std::size_t at = 0; data.size() - at >= kHeaderSize; at += kAlignment) {
    if (data.substr(at, kMagic.size()) == kMagic) return data.substr(at);
    if (data.size() - at < kHeaderSize + kAlignment) break;
  }
  return {};
}

// An unsigned LEB128 length and that many bytes (Go 1.18 and later), which are taken away.
std::string_view take_inline(std::string_view& bytes) {
  std::uint64_t length = 0;
  std::size_t at = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    if (at == bytes.size()) return {};
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    length |= std::uint64_t{byte & 0x7FU} << shift;
    if ((byte & 0x80U) == 0) break;
  }
  if (length > bytes.size() - at) return {};
  const auto text = bytes.substr(at, static_cast<std::size_t>(length));
  bytes.remove_prefix(at + text.size());
  return text;
}

// The value of a line "build<TAB>NAME=VALUE".
std::string setting(std::string_view lines, std::string_view name) {
  const auto key = "\nbuild\t" + std::string(name) + "=";
  const auto at = lines.find(key);
  if (at == std::string_view::npos) return {};
  const auto value = lines.substr(at + key.size());
  return std::string(value.substr(0, value.find('\n')));
}

bool is_word(std::string_view text) {
  return text.size() <= 32 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

void take_settings(GoBuildInfo& info, std::string_view text) {
  if (text.size() < 2 * kSentinel) return;
  const auto lines = text.substr(kSentinel, text.size() - 2 * kSentinel);
  if (auto os = setting(lines, "GOOS"); is_word(os)) info.os = std::move(os);
  const auto arm = setting(lines, "GOARM");  // "7", "7,hardfloat"
  if (!arm.empty() && arm[0] >= '5' && arm[0] <= '7') info.arm = arm.substr(0, 1);
}

// An address is that of a string header: address and length of the text (before Go 1.18).
std::string pointed_version(const ElfFile& elf, const BoundedFile& file, std::string_view info) {
  const std::size_t word = elf.word();
  if (static_cast<std::size_t>(info[kMagic.size()]) != word) return {};
  const auto header = elf.place_of(elf.number(info, kAlignment, word));
  if (!header || header->size < 2 * word) return {};
  const std::string bytes = file.read(header->offset, 2 * word);
  if (bytes.size() < 2 * word) return {};
  const std::uint64_t length = elf.number(bytes, word, word);
  const auto text = elf.place_of(elf.number(bytes, 0, word));
  if (!text || length > kLongestVersion || length > text->size) return {};
  return file.read(text->offset, static_cast<std::size_t>(length));
}

// "go1.19.8", "devel go1.21-abcdef …"; anything else was not written by Go.
bool is_version(std::string_view text) {
  if (text.substr(0, 2) != "go" && text.substr(0, 5) != "devel") return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

GoBuildInfo read_go_build_info(const ElfFile& elf, const BoundedFile& file) {
  const auto range = where_to_look(elf);
  if (!range) return {};
  const auto limit = std::min<std::uint64_t>(range->size, kLargestInfo);
  const std::string data = file.read(range->offset, static_cast<std::size_t>(limit));
  const auto start = find_info(std::string_view(data).substr(0, std::min(data.size(), kSearched)));
  if (start.empty()) return {};
  auto info = std::string_view(data).substr(static_cast<std::size_t>(start.data() - data.data()));
  GoBuildInfo found;
  if ((static_cast<unsigned char>(info[kMagic.size() + 1]) & 2U) == 0) {
    found.version = pointed_version(elf, file, info);
    return is_version(found.version) ? found : GoBuildInfo();
  }
  info.remove_prefix(kHeaderSize);
  const auto version = take_inline(info);
  if (version.size() > kLongestVersion || !is_version(version)) return {};
  found.version = version;
  take_settings(found, take_inline(info));
  return found;
}

}  // namespace ociassemble
