// SPDX-License-Identifier: Apache-2.0
#include "inspect/go_build_info.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace ociassemble {
namespace {

constexpr std::string_view kMagic = "\xff Go buildinf:";
constexpr std::size_t kAlignment = 16;
constexpr std::size_t kHeaderSize = 32;
constexpr std::size_t kWindow = std::size_t{1024} * 1024;
constexpr std::size_t kLongestVersion = 256;
constexpr std::size_t kLongestModules = std::size_t{16} * 1024 * 1024;
constexpr std::size_t kSentinel = 16;  // around the text about modules (cmd/go/internal/modload, "infoStart")
constexpr std::size_t kLongestLength = 5;

// The two texts of build information.
struct RawBuildInfo {
  std::string version;
  std::string modules;
};

// "go1.19.8", "devel go1.21-abcdef …"; anything else was not written by Go.
bool is_version(std::string_view text) {
  if (text.substr(0, 2) != "go" && text.substr(0, 5) != "devel") return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// Reads texts one after the other, each behind its length in unsigned LEB128 (Go 1.18 and later).
class InlineTexts {
 public:
  InlineTexts(const BoundedFile& file, std::uint64_t at) : file_(file), at_(at) {}

  // Nothing for a text that is longer than that, or than the file.
  std::optional<std::string> next(std::size_t longest) {
    const std::string bytes = file_.read(at_, kLongestLength);
    std::uint64_t length = 0;
    std::size_t used = 0;
    for (bool more = true; more; ++used) {
      if (used == bytes.size()) return {};
      const auto byte = static_cast<unsigned char>(bytes[used]);
      length |= std::uint64_t{byte & 0x7FU} << (7 * used);
      more = (byte & 0x80U) != 0;
    }
    if (length > longest || !file_.holds(at_ + used, length)) return {};
    auto text = file_.read(at_ + used, static_cast<std::size_t>(length));
    at_ += used + length;
    return text;
  }

 private:
  const BoundedFile& file_;
  std::uint64_t at_;
};

// An address is that of a string header: address and length of the text (before Go 1.18).
std::optional<std::string> pointed_text(const ElfFile& elf, const BoundedFile& file, std::uint64_t address,
                                        std::size_t longest) {
  const std::size_t word = elf.word();
  const auto header = elf.place_of(address);
  if (!header || header->size < 2 * word) return {};
  const std::string bytes = file.read(header->offset, 2 * word);
  if (bytes.size() < 2 * word) return {};
  const std::uint64_t length = elf.number(bytes, word, word);
  const auto text = elf.place_of(elf.number(bytes, 0, word));
  if (!text || length > longest || length > text->size) return {};
  return file.read(text->offset, static_cast<std::size_t>(length));
}

std::optional<RawBuildInfo> read_texts(const ElfFile& elf, const BoundedFile& file, std::uint64_t at) {
  const std::string header = file.read(at, kHeaderSize);
  if (header.size() < kHeaderSize) return {};
  const auto pointer_size = static_cast<std::size_t>(static_cast<unsigned char>(header[kMagic.size()]));
  const auto flags = static_cast<unsigned char>(header[kMagic.size() + 1]);
  std::optional<std::string> version;
  std::optional<std::string> modules;
  if ((flags & 2U) != 0) {
    InlineTexts texts(file, at + kHeaderSize);
    version = texts.next(kLongestVersion);
    if (version) modules = texts.next(kLongestModules);
  } else if (pointer_size == elf.word()) {
    const auto pointer = [&](std::size_t n) { return elf.number(header, kAlignment + n * pointer_size, pointer_size); };
    version = pointed_text(elf, file, pointer(0), kLongestVersion);
    modules = pointed_text(elf, file, pointer(1), kLongestModules);
  }
  if (!version || !is_version(*version)) return {};
  return RawBuildInfo{std::move(*version), modules.value_or("")};
}

// Programs that read build information themselves hold the magic too, so a place counts only when a version is there.
std::optional<RawBuildInfo> find_texts(const ElfFile& elf, const BoundedFile& file, const FileRange& range) {
  for (std::uint64_t from = 0; from < range.size; from += kWindow) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(range.size - from, kWindow + kMagic.size()));
    const std::string window = file.read(range.offset + from, size);
    if (window.empty()) break;  // A section may claim to go on behind the file's end.
    for (auto at = window.find(kMagic); at != std::string::npos; at = window.find(kMagic, at + 1)) {
      if (at % kAlignment != 0) continue;
      if (auto texts = read_texts(elf, file, range.offset + from + at)) return texts;
    }
  }
  return {};
}

// The section; without sections the segments, those with writable data first (Go's debug/buildinfo, "DataStart").
std::vector<FileRange> where_to_look(const ElfFile& elf) {
  const auto section = elf.section(".go.buildinfo");
  if (section && section->type != kShtNobits) return {{section->offset, section->size}};
  std::vector<FileRange> ranges;
  for (const bool is_writable : {true, false}) {
    for (const auto& segment : elf.segments()) {
      if (segment.type != kPtLoad || (segment.flags & kPfExecute) != 0) continue;
      if (((segment.flags & kPfWrite) != 0) == is_writable) ranges.push_back({segment.offset, segment.file_size});
    }
  }
  return ranges;
}

std::optional<RawBuildInfo> find_build_info(const ElfFile& elf, const BoundedFile& file) {
  for (const auto& range : where_to_look(elf)) {
    if (auto texts = find_texts(elf, file, range)) return texts;
  }
  return {};
}

std::string_view without_sentinels(std::string_view text) {
  if (text.size() < 2 * kSentinel + 1 || text[text.size() - kSentinel - 1] != '\n') return {};
  return text.substr(kSentinel, text.size() - 2 * kSentinel);
}

}  // namespace

const std::string* GoBuild::setting(std::string_view key) const noexcept {
  const auto found = std::find_if(settings.begin(), settings.end(), [&](const auto& s) { return s.first == key; });
  return found == settings.end() ? nullptr : &found->second;
}

std::optional<GoBuild> read_go_build(const ElfFile& elf, const BoundedFile& file) {
  const auto texts = find_build_info(elf, file);
  if (!texts) return {};
  GoBuild build;
  build.go_version = texts->version;
  parse_go_modules(without_sentinels(texts->modules), build);
  return build;
}

std::string go_version(const ElfFile& elf, const BoundedFile& file) {
  const auto texts = find_build_info(elf, file);
  return texts ? texts->version : std::string();
}

}  // namespace ociassemble
