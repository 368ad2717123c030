// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"

namespace ociassemble {

// The file's name in messages; Error{check_failed} with "cannot use NAME: CAUSE".
[[noreturn]] void refuse_file(const std::string& name, const std::string& cause, std::string hint);

// Random access to a regular file whose size was taken once, or to a file that is in memory. One thread.
class BoundedFile {
 public:
  // Throws Error{check_failed} for anything but a regular file, Error{not_found}, Error{io}.
  explicit BoundedFile(std::string name);
  // A file of these bytes, such as a layer has; they are borrowed.
  BoundedFile(std::string name, std::string_view bytes);
  // Of a file that is open already.
  BoundedFile(UniqueFd fd, std::string name);

  const std::string& name() const noexcept { return name_; }
  std::uint64_t size() const noexcept { return size_; }
  // Whether `size` bytes from `offset` on are inside; safe against overflow.
  bool holds(std::uint64_t offset, std::uint64_t size) const noexcept;
  // The bytes of that range, fewer where the file ends. The caller bounds `size`. Throws Error{io}.
  std::string read(std::uint64_t offset, std::size_t size) const;
  // The same for many pieces one after the other: they may lie in `buffer`, until it is used again.
  std::string_view read(std::uint64_t offset, std::size_t size, std::string& buffer) const;

 private:
  void take_size();

  std::string name_;
  UniqueFd fd_;  // none for a file in memory
  std::string_view bytes_;
  std::uint64_t size_ = 0;
};

struct ElfSegment {
  std::uint32_t type = 0;
  std::uint32_t flags = 0;
  std::uint64_t offset = 0;
  std::uint64_t address = 0;  // p_vaddr
  std::uint64_t file_size = 0;
  std::uint64_t alignment = 0;
};

struct ElfSection {
  std::uint32_t name = 0;  // offset into the section name table
  std::uint32_t type = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// gABI 4 constants; only those that we use.
inline constexpr std::uint32_t kPtLoad = 1;
inline constexpr std::uint32_t kPtDynamic = 2;
inline constexpr std::uint32_t kPtInterp = 3;
inline constexpr std::uint32_t kPtNote = 4;
inline constexpr std::uint32_t kPtGnuStack = 0x6474E551;
inline constexpr std::uint32_t kPtGnuProperty = 0x6474E553;
inline constexpr std::uint32_t kPfExecute = 1;
inline constexpr std::uint32_t kPfWrite = 2;
inline constexpr std::uint32_t kShtNobits = 8;
inline constexpr std::uint16_t kEtRel = 1;
inline constexpr std::uint16_t kEtExec = 2;
inline constexpr std::uint16_t kEtDyn = 3;
inline constexpr std::uint16_t kEtCore = 4;

// The header and the program headers of an ELF file, of both classes and byte orders. All segments of type PT_LOAD,
// PT_DYNAMIC and PT_INTERP lie in the file. Borrows the file. One thread.
class ElfFile {
 public:
  // Throws Error{check_failed} for a truncated or damaged file; `file` starts with the ELF magic.
  explicit ElfFile(const BoundedFile& file);

  bool is_64_bit() const noexcept { return is_64_bit_; }
  bool is_little_endian() const noexcept { return is_little_endian_; }
  std::uint16_t type() const noexcept { return type_; }
  std::uint16_t machine() const noexcept { return machine_; }
  unsigned char os_abi() const noexcept { return os_abi_; }  // EI_OSABI
  std::uint64_t entry() const noexcept { return entry_; }
  const std::vector<ElfSegment>& segments() const noexcept { return segments_; }
  const ElfSegment* first_segment(std::uint32_t type) const noexcept;

  // Section headers as far as they make sense; none where the file is stripped of them. Programs run without.
  std::vector<ElfSection> sections() const;
  // The first section of this name.
  std::optional<ElfSection> section(std::string_view name) const;

  // Where the byte at a virtual address is in the file, and how many bytes of its segment follow.
  struct Place {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  std::optional<Place> place_of(std::uint64_t address) const noexcept;

  // An unsigned number in the file's byte order; the bytes must be there.
  std::uint64_t number(std::string_view bytes, std::size_t offset, std::size_t width) const noexcept;
  // The size of an address: 4 or 8.
  std::size_t word() const noexcept { return is_64_bit_ ? 8 : 4; }
  [[noreturn]] void refuse_damaged(const std::string& cause) const;

 private:
  struct Tables;
  void read_header(Tables& tables);
  void read_segments(const Tables& tables);
  void check_segments() const;
  void check_section_table() const;
  [[noreturn]] void refuse_truncated(const std::string& what, std::uint64_t end) const;

  const BoundedFile& file_;
  bool is_64_bit_ = true;
  bool is_little_endian_ = true;
  std::uint16_t type_ = 0;
  std::uint16_t machine_ = 0;
  unsigned char os_abi_ = 0;
  std::uint64_t entry_ = 0;
  std::vector<ElfSegment> segments_;
  std::uint64_t section_offset_ = 0;
  std::uint16_t section_count_ = 0;
  std::uint16_t section_size_ = 0;
  std::uint16_t section_names_ = 0;
};

}  // namespace ociassemble
