// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/unique_fd.hpp"
#include "inspect/elf_file.hpp"

namespace ociassemble {

// Files that come as streams, one after the other; of ELF files, which are read in no order, it keeps the bytes in a
// temporary file without a name. One thread.
class ElfSpool {
 public:
  // A file of more bytes than `largest` is not kept.
  explicit ElfSpool(std::uint64_t largest) : largest_(largest) {}

  // Forgets the file before. Throws Error{io}.
  void begin();
  // The next bytes of the file. Throws Error{io}.
  void write(std::span<const std::byte> bytes);
  // Whether the file begins like an ELF file, and is not too large.
  bool keeps() const noexcept { return kind_ == Kind::kept; }
  // The whole file, if it is kept; until begin(). Throws Error{io}.
  std::optional<BoundedFile> file(std::string name) const;

 private:
  enum class Kind { unknown, kept, other };
  void keep(std::span<const std::byte> bytes);

  const std::uint64_t largest_;
  UniqueFd fd_;
  Kind kind_ = Kind::unknown;
  std::string head_;  // as long as it is too short to tell
  std::uint64_t size_ = 0;
};

}  // namespace ociassemble
