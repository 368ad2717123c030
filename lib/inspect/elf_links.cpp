// SPDX-License-Identifier: Apache-2.0
#include "inspect/elf_links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "inspect/elf_tags.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLongestInterpreter = 4096;  // PATH_MAX; the kernel takes no longer one
constexpr std::size_t kMostLinked = 4096;
constexpr std::uint64_t kSmallestPage = 4096;

// gABI "Dynamic Section", and Solaris' tags that glibc's loader honours (elf/dl-load.c, elf/dl-deps.c, elf/rtld.c).
constexpr std::uint64_t kTagAuditDependencies = 0x6FFFFEFB;
constexpr std::uint64_t kTagAudit = 0x6FFFFEFC;
constexpr std::uint64_t kTagAuxiliary = 0x7FFFFFFD;
constexpr std::uint64_t kTagFilter = 0x7FFFFFFF;

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

std::vector<std::string> parts_of(std::string_view list) {
  std::vector<std::string> parts;
  if (list.empty()) return parts;
  while (true) {
    const auto colon = list.find(':');
    parts.emplace_back(list.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    list.remove_prefix(colon + 1);
  }
}

const ElfSegment* only_segment(const ElfFile& elf, std::uint32_t type, std::string_view name) {
  const auto& segments = elf.segments();
  const auto count =
      std::count_if(segments.begin(), segments.end(), [type](const auto& segment) { return segment.type == type; });
  if (count > 1) elf.refuse_damaged(fmt::format("{} segments {}", count, name));
  return elf.first_segment(type);
}

// Segments are mapped by whole pages, each over the ones before: where two share a page, both must put the same bytes
// of the file there.
void require_one_layout(const ElfFile& elf) {
  std::vector<ElfSegment> loaded;
  for (const auto& segment : elf.segments()) {
    if (segment.type == kPtLoad && segment.file_size != 0) loaded.push_back(segment);
  }
  std::sort(loaded.begin(), loaded.end(), [](const auto& a, const auto& b) { return a.address < b.address; });
  std::uint64_t end = 0;  // of what is mapped so far, in pages
  std::uint64_t shift = 0;
  for (const auto& segment : loaded) {
    if (segment.address % kSmallestPage != segment.offset % kSmallestPage) elf.refuse_damaged("a segment lies askew");
    const auto first = segment.address / kSmallestPage;
    const auto last = (segment.address + (segment.file_size - 1)) / kSmallestPage;
    if (last < first) elf.refuse_damaged("a segment goes around the end of memory");
    if (first < end && segment.address - segment.offset != shift) elf.refuse_damaged("two segments overlap");
    end = std::max(end, last + 1);
    shift = segment.address - segment.offset;
  }
}

// The kernel finds the interpreter, and the loader the dynamic section, by its place in the file or in memory.
void require_one_dynamic_section(const ElfFile& elf) {
  only_segment(elf, kPtInterp, "PT_INTERP");
  const auto* dynamic = only_segment(elf, kPtDynamic, "PT_DYNAMIC");
  if (dynamic == nullptr || dynamic->file_size == 0) return;
  const auto place = elf.place_of(dynamic->address);
  if (!place || place->offset != dynamic->offset || place->size < dynamic->file_size)
    elf.refuse_damaged("its dynamic section is not where it is loaded");
}

std::optional<std::uint64_t> only_value(const ElfFile& elf, const ElfTags& tags, std::uint64_t tag) {
  const auto values = tags.values(tag);
  if (values.size() > 1) elf.refuse_damaged(fmt::format("{} entries of tag {:#x}", values.size(), tag));
  return values.empty() ? std::nullopt : std::optional(values.front());
}

void append_list(std::vector<std::string>& names, const ElfTags& tags, std::uint64_t tag) {
  for (const auto at : tags.values(tag)) {
    for (auto& part : parts_of(tags.text(at))) {
      if (!part.empty()) names.push_back(std::move(part));
    }
  }
}

void read_dynamic_links(ElfLinks& links, const ElfFile& elf, const BoundedFile& file) {
  const ElfTags tags(elf, file);
  if (!tags.is_complete()) elf.refuse_damaged("its dynamic section does not end");
  only_value(elf, tags, kTagStringTable);
  const auto needed = tags.values(kTagNeeded);
  for (const auto at : needed) links.needed.push_back(tags.name(at));
  for (const auto tag : {kTagFilter, kTagAuxiliary, kTagAudit, kTagAuditDependencies})
    append_list(links.needed, tags, tag);
  if (links.needed.size() > kMostLinked) elf.refuse_damaged(fmt::format("it needs {} libraries", links.needed.size()));
  const auto rpath = only_value(elf, tags, kTagRpath);
  const auto runpath = only_value(elf, tags, kTagRunpath);
  if (runpath) links.runpath = parts_of(tags.text(*runpath));
  if (rpath && !runpath) links.rpath = parts_of(tags.text(*rpath));
}

}  // namespace

std::string read_interpreter(const ElfFile& elf, const BoundedFile& file) {
  const auto* segment = elf.first_segment(kPtInterp);
  if (segment == nullptr) return {};
  if (segment->file_size < 2 || segment->file_size > kLongestInterpreter)
    elf.refuse_damaged(fmt::format("an interpreter of {} bytes", segment->file_size));
  std::string bytes = file.read(segment->offset, static_cast<std::size_t>(segment->file_size));
  if (bytes.empty() || bytes.back() != '\0') elf.refuse_damaged("the interpreter's name does not end");
  bytes.resize(bytes.find('\0'));
  if (bytes.empty() || has_control_character(bytes)) elf.refuse_damaged("the interpreter is no path");
  return bytes;
}

ElfLinks read_elf_links(const BoundedFile& file) {
  ElfLinks links;
  try {
    const ElfFile elf(file);
    // Object files and core dumps are never run, nor loaded.
    if (elf.type() != kEtExec && elf.type() != kEtDyn) return links;
    links.machine = elf.machine();
    links.is_64_bit = elf.is_64_bit();
    links.is_little_endian = elf.is_little_endian();
    require_one_dynamic_section(elf);
    links.interpreter = read_interpreter(elf, file);
    if (elf.first_segment(kPtDynamic) != nullptr) {
      require_one_layout(elf);
      read_dynamic_links(links, elf, file);
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::check_failed) throw;
    links = {};
    links.fault = error.what();
  }
  return links;
}

}  // namespace ociassemble
