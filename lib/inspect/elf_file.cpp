// SPDX-License-Identifier: Apache-2.0
#include "inspect/elf_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "base/system_error.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kIdentSize = 16;  // e_ident
constexpr std::size_t kLongestNameTable = std::size_t{1024} * 1024;

std::uint64_t end_of(std::uint64_t offset, std::uint64_t size) {
  return size > std::numeric_limits<std::uint64_t>::max() - offset ? std::numeric_limits<std::uint64_t>::max()
                                                                   : offset + size;
}

}  // namespace

void refuse_file(const std::string& name, const std::string& cause, std::string hint) {
  throw Error(ErrorCode::check_failed, fmt::format("cannot use {}: {}", name, cause), std::move(hint));
}

BoundedFile::BoundedFile(std::string name) : name_(std::move(name)) {
  // O_NONBLOCK: opening a named pipe would wait for a writer.
  fd_.reset(::open(name_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd_) throw_errno(fmt::format("cannot open {}", name_));
  take_size();
}

BoundedFile::BoundedFile(UniqueFd fd, std::string name) : name_(std::move(name)), fd_(std::move(fd)) { take_size(); }

void BoundedFile::take_size() {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) throw_errno(fmt::format("cannot read {}", name_));
  if (S_ISDIR(status.st_mode)) refuse_file(name_, "a directory, not a program", "name the compiled binary in it");
  if (!S_ISREG(status.st_mode)) refuse_file(name_, "not a regular file", "name the compiled binary");
  size_ = static_cast<std::uint64_t>(status.st_size);
}

BoundedFile::BoundedFile(std::string name, std::string_view bytes)
    : name_(std::move(name)), bytes_(bytes), size_(bytes.size()) {}

bool BoundedFile::holds(std::uint64_t offset, std::uint64_t size) const noexcept {
  return offset <= size_ && size <= size_ - offset;
}

std::string BoundedFile::read(std::uint64_t offset, std::size_t size) const {
  std::string buffer;
  const auto bytes = read(offset, size, buffer);
  return fd_ ? std::move(buffer) : std::string(bytes);
}

std::string_view BoundedFile::read(std::uint64_t offset, std::size_t size, std::string& buffer) const {
  if (offset >= size_) size = 0;
  if (!fd_) return size == 0 ? std::string_view() : bytes_.substr(static_cast<std::size_t>(offset), size);
  buffer.resize(size == 0 ? 0 : static_cast<std::size_t>(std::min<std::uint64_t>(size, size_ - offset)));
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const auto count =
        ::pread(fd_.get(), buffer.data() + filled, buffer.size() - filled, static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno(fmt::format("cannot read {}", name_));
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  buffer.resize(filled);
  return buffer;
}

// Where the header says the program headers are.
struct ElfFile::Tables {
  std::uint64_t offset = 0;
  std::uint16_t entry_size = 0;
  std::uint16_t count = 0;
};

ElfFile::ElfFile(const BoundedFile& file) : file_(file) {
  Tables tables;
  read_header(tables);
  if (type_ != kEtExec && type_ != kEtDyn) return;  // Object and core files are refused before anything is looked for.
  read_segments(tables);
  check_segments();
  check_section_table();
}

void ElfFile::read_header(Tables& tables) {
  const std::string head = file_.read(0, 64);
  if (head.size() < kIdentSize) refuse_truncated("the header", 52);
  const char file_class = head[4];
  const char byte_order = head[5];
  if (file_class != 1 && file_class != 2) refuse_damaged(fmt::format("class {}", static_cast<int>(file_class)));
  if (byte_order != 1 && byte_order != 2) refuse_damaged(fmt::format("byte order {}", static_cast<int>(byte_order)));
  if (head[6] != 1) refuse_damaged(fmt::format("version {}", static_cast<int>(head[6])));
  is_64_bit_ = file_class == 2;
  is_little_endian_ = byte_order == 1;
  os_abi_ = static_cast<unsigned char>(head[7]);
  const std::size_t size = is_64_bit_ ? 64 : 52;
  if (head.size() < size) refuse_truncated("the header", size);

  const auto half = [&](std::size_t at) { return static_cast<std::uint16_t>(number(head, at, 2)); };
  type_ = half(16);
  machine_ = half(18);
  entry_ = number(head, 24, word());
  tables.offset = number(head, 24 + word(), word());
  section_offset_ = number(head, 24 + 2 * word(), word());
  const std::size_t rest = 24 + 3 * word();  // e_flags, then e_ehsize
  tables.entry_size = half(rest + 6);
  tables.count = half(rest + 8);
  section_size_ = half(rest + 10);
  section_count_ = half(rest + 12);
  section_names_ = half(rest + 14);
}

void ElfFile::read_segments(const Tables& tables) {
  const std::size_t entry_size = is_64_bit_ ? 56 : 32;
  if (tables.count == 0) refuse_damaged("no program headers");
  if (tables.entry_size != entry_size) refuse_damaged(fmt::format("program headers of {} bytes", tables.entry_size));
  const std::size_t size = entry_size * tables.count;
  if (!file_.holds(tables.offset, size)) refuse_truncated("the program headers", end_of(tables.offset, size));
  const std::string bytes = file_.read(tables.offset, size);
  if (bytes.size() != size) refuse_truncated("the program headers", tables.offset + size);

  segments_.reserve(tables.count);
  for (std::size_t at = 0; at < size; at += entry_size) {
    ElfSegment segment;
    segment.type = static_cast<std::uint32_t>(number(bytes, at, 4));
    segment.flags = static_cast<std::uint32_t>(number(bytes, at + (is_64_bit_ ? 4 : 24), 4));
    segment.offset = number(bytes, at + (is_64_bit_ ? 8 : 4), word());
    segment.address = number(bytes, at + (is_64_bit_ ? 16 : 8), word());
    segment.file_size = number(bytes, at + (is_64_bit_ ? 32 : 16), word());
    segment.alignment = number(bytes, at + (is_64_bit_ ? 48 : 28), word());
    segments_.push_back(segment);
  }
}

void ElfFile::check_segments() const {
  for (const auto& segment : segments_) {
    const bool matters = segment.type == kPtLoad || segment.type == kPtDynamic || segment.type == kPtInterp;
    if (!matters || file_.holds(segment.offset, segment.file_size)) continue;
    refuse_truncated("a segment", end_of(segment.offset, segment.file_size));
  }
}

// Linkers write this table last, so a copy that was cut short lacks it even where all segments are there.
void ElfFile::check_section_table() const {
  if (section_offset_ == 0 || section_count_ == 0) return;
  const std::uint64_t size = std::uint64_t{section_count_} * section_size_;
  if (!file_.holds(section_offset_, size)) refuse_truncated("the section headers", end_of(section_offset_, size));
}

const ElfSegment* ElfFile::first_segment(std::uint32_t type) const noexcept {
  const auto found =
      std::find_if(segments_.begin(), segments_.end(), [&](const auto& segment) { return segment.type == type; });
  return found == segments_.end() ? nullptr : &*found;
}

std::vector<ElfSection> ElfFile::sections() const {
  const std::size_t entry_size = is_64_bit_ ? 64 : 40;
  if (section_offset_ == 0 || section_size_ != entry_size) return {};
  const std::string bytes = file_.read(section_offset_, entry_size * section_count_);
  std::vector<ElfSection> sections;
  for (std::size_t at = 0; at + entry_size <= bytes.size(); at += entry_size) {
    ElfSection section;
    section.name = static_cast<std::uint32_t>(number(bytes, at, 4));
    section.type = static_cast<std::uint32_t>(number(bytes, at + 4, 4));
    section.offset = number(bytes, at + 8 + 2 * word(), word());
    section.size = number(bytes, at + 8 + 3 * word(), word());
    sections.push_back(section);
  }
  return sections;
}

std::optional<ElfSection> ElfFile::section(std::string_view name) const {
  const auto all = sections();
  if (section_names_ >= all.size()) return {};
  const auto& table = all[section_names_];
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(table.size, kLongestNameTable));
  const std::string names = file_.read(table.offset, length);
  for (const auto& section : all) {
    if (section.name >= names.size()) continue;
    const auto rest = std::string_view(names).substr(section.name);
    if (rest.substr(0, rest.find('\0')) == name) return section;
  }
  return {};
}

std::optional<ElfFile::Place> ElfFile::place_of(std::uint64_t address) const noexcept {
  for (const auto& segment : segments_) {
    if (segment.type != kPtLoad || address < segment.address) continue;
    const std::uint64_t inside = address - segment.address;
    if (inside < segment.file_size) return Place{segment.offset + inside, segment.file_size - inside};
  }
  return {};
}

std::uint64_t ElfFile::number(std::string_view bytes, std::size_t offset, std::size_t width) const noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    const std::size_t at = is_little_endian_ ? offset + width - 1 - i : offset + i;
    value = value << 8U | static_cast<unsigned char>(bytes[at]);
  }
  return value;
}

void ElfFile::refuse_damaged(const std::string& cause) const {
  refuse_file(file_.name(), fmt::format("a damaged ELF file: {}", cause), "build or copy it again");
}

void ElfFile::refuse_truncated(const std::string& what, std::uint64_t end) const {
  refuse_file(
      file_.name(),
      fmt::format("a truncated ELF file: {} would end at byte {}, and the file has {}", what, end, file_.size()),
      "build or copy it again");
}

}  // namespace ociassemble
