// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "inspect/elf_file.hpp"

namespace ociassemble {

// gABI 4 "Dynamic Array Tags", and those of GNU; only those that we use.
inline constexpr std::uint64_t kTagNull = 0;
inline constexpr std::uint64_t kTagNeeded = 1;
inline constexpr std::uint64_t kTagHash = 4;
inline constexpr std::uint64_t kTagStringTable = 5;
inline constexpr std::uint64_t kTagSymbolTable = 6;
inline constexpr std::uint64_t kTagStringTableSize = 10;
inline constexpr std::uint64_t kTagSoname = 14;
inline constexpr std::uint64_t kTagRpath = 15;
inline constexpr std::uint64_t kTagBindNow = 24;
inline constexpr std::uint64_t kTagRunpath = 29;
inline constexpr std::uint64_t kTagFlags = 30;
inline constexpr std::uint64_t kTagRelr = 36;
inline constexpr std::uint64_t kTagVersionSymbols = 0x6FFFFFF0;
inline constexpr std::uint64_t kTagFlags1 = 0x6FFFFFFB;
inline constexpr std::uint64_t kTagVersionDefinitions = 0x6FFFFFFC;
inline constexpr std::uint64_t kTagVersionNeeds = 0x6FFFFFFE;

// The array behind PT_DYNAMIC up to DT_NULL, and the strings that it refers to. Borrows both. One thread.
class ElfTags {
 public:
  // Throws Error{check_failed} for an array of more than a megabyte.
  ElfTags(const ElfFile& elf, const BoundedFile& file);

  // The last value of a tag, which is the one that loaders take.
  std::optional<std::uint64_t> value(std::uint64_t tag) const noexcept;
  std::vector<std::uint64_t> values(std::uint64_t tag) const;
  // Whether there is no array, or DT_NULL ends it; loaders read on until they find one.
  bool is_complete() const noexcept { return is_complete_; }
  // The text at that place of the string table. Throws Error{check_failed} where it does not end inside, is over 4096
  // bytes or holds control characters.
  std::string text(std::uint64_t at) const;
  // The same, for what must not be empty.
  std::string name(std::uint64_t at) const;

 private:
  const ElfFile& elf_;
  const BoundedFile& file_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> entries_;
  std::optional<ElfFile::Place> strings_;
  bool is_complete_ = true;
};

}  // namespace ociassemble
