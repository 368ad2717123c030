// SPDX-License-Identifier: Apache-2.0
#include "inspect/elf_tags.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ociassemble {
namespace {

constexpr std::size_t kLargestArray = std::size_t{1024} * 1024;
constexpr std::size_t kLongestText = 4096;  // PATH_MAX
constexpr std::size_t kShortText = 128;     // Few names are longer: one read does.

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

}  // namespace

ElfTags::ElfTags(const ElfFile& elf, const BoundedFile& file) : elf_(elf), file_(file) {
  const auto* segment = elf.first_segment(kPtDynamic);
  if (segment == nullptr) return;
  if (segment->file_size > kLargestArray)
    elf.refuse_damaged(fmt::format("a dynamic section of {} bytes", segment->file_size));
  const std::string bytes = file.read(segment->offset, static_cast<std::size_t>(segment->file_size));
  const std::size_t word = elf.word();
  is_complete_ = false;
  for (std::size_t at = 0; at + 2 * word <= bytes.size(); at += 2 * word) {
    const std::uint64_t tag = elf.number(bytes, at, word);
    is_complete_ = tag == kTagNull;
    if (is_complete_) break;
    entries_.emplace_back(tag, elf.number(bytes, at + word, word));
  }
  if (const auto address = value(kTagStringTable)) strings_ = elf.place_of(*address);
}

std::optional<std::uint64_t> ElfTags::value(std::uint64_t tag) const noexcept {
  const auto found = std::find_if(entries_.rbegin(), entries_.rend(), [&](const auto& e) { return e.first == tag; });
  if (found == entries_.rend()) return {};
  return found->second;
}

std::vector<std::uint64_t> ElfTags::values(std::uint64_t tag) const {
  std::vector<std::uint64_t> found;
  for (const auto& [name, value] : entries_) {
    if (name == tag) found.push_back(value);
  }
  return found;
}

std::string ElfTags::text(std::uint64_t at) const {
  if (!strings_) elf_.refuse_damaged("the string table of its dynamic section is in no segment");
  if (at >= strings_->size) elf_.refuse_damaged("a name is outside the string table");
  const auto longest = static_cast<std::size_t>(std::min<std::uint64_t>(strings_->size - at, kLongestText));
  std::string bytes = file_.read(strings_->offset + at, std::min(longest, kShortText));
  auto end = bytes.find('\0');
  if (end == std::string::npos) {
    bytes = file_.read(strings_->offset + at, longest);
    end = bytes.find('\0');
  }
  if (end == std::string::npos) elf_.refuse_damaged("a name in the string table does not end");
  bytes.resize(end);
  if (has_control(bytes)) elf_.refuse_damaged("a name in the string table holds control characters");
  return bytes;
}

std::string ElfTags::name(std::uint64_t at) const {
  auto found = text(at);
  if (found.empty()) elf_.refuse_damaged("a name in the string table is empty");
  return found;
}

}  // namespace ociassemble
