// SPDX-License-Identifier: Apache-2.0
#include "inspect/read_only_data.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace ociassemble {
namespace {

constexpr std::size_t kDataWindow = std::size_t{256} * 1024;
constexpr std::string_view kShebang = "#!";

struct DataRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

std::vector<DataRange> unchangeable_segments(const ElfFile& elf, std::uint32_t excluded_flags) {
  std::vector<DataRange> ranges;
  for (const auto& segment : elf.segments()) {
    if (segment.type == kPtLoad && (segment.flags & excluded_flags) == 0)
      ranges.push_back({segment.offset, segment.file_size});
  }
  return ranges;
}

std::vector<DataRange> where_constants_are(const ElfFile& elf, const BoundedFile& file) {
  const auto section = elf.section(".rodata");
  if (section && section->type != kShtNobits && file.holds(section->offset, section->size))
    return {{section->offset, section->size}};
  auto ranges = unchangeable_segments(elf, kPfWrite | kPfExecute);
  return ranges.empty() ? unchangeable_segments(elf, kPfWrite) : ranges;
}

// memmem is several times as fast as string_view::find where the first character is frequent.
bool holds_text(std::string_view bytes, std::size_t from, std::string_view text) {
  while (from < bytes.size()) {
    const void* found = ::memmem(bytes.data() + from, bytes.size() - from, text.data(), text.size());
    if (found == nullptr) return false;
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (at < kShebang.size() || bytes.substr(at - kShebang.size(), kShebang.size()) != kShebang) return true;
    from = at + text.size();
  }
  return false;
}

}  // namespace

bool read_only_data_holds(const ElfFile& elf, const BoundedFile& file, std::string_view text) {
  std::string buffer;
  // What begins in one window and ends in the next is found in the latter, with what may be before it.
  const std::size_t overlap = text.size() - 1 + kShebang.size();
  for (const auto& range : where_constants_are(elf, file)) {
    for (std::uint64_t from = 0; from < range.size; from += kDataWindow) {
      const auto before = std::min<std::uint64_t>(from, overlap);
      const auto size = std::min<std::uint64_t>(range.size - from, kDataWindow) + before;
      const auto window = file.read(range.offset + from - before, static_cast<std::size_t>(size), buffer);
      if (holds_text(window, before == 0 ? 0 : kShebang.size(), text)) return true;
    }
  }
  return false;
}

}  // namespace ociassemble
