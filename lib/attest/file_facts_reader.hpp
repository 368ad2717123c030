// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "attest/layer_facts.hpp"
#include "digest/hasher.hpp"
#include "inspect/elf_file.hpp"
#include "tar/entry.hpp"

namespace ociassemble {

// What is read of Go programs: their build information, or the functions that are linked into them besides.
enum class ProgramReading { build, functions };

// Finds out what an inventory wants to know of regular files, one after the other, whose bytes somebody else reads. One
// thread.
class FileFactsReader {
 public:
  explicit FileFactsReader(ProgramReading detail) : detail_(detail) {}

  // Throws Error{unsupported} for records of package managers that are larger than any real one.
  void begin(const TarEntry& entry);
  void write(std::span<const std::byte> bytes);
  // `elf` is the whole file where it is an ELF file. Throws Error{io}.
  FileDetails finish(const std::optional<BoundedFile>& elf);

 private:
  void read_program(const BoundedFile& file, FileFindings& findings) const;

  const ProgramReading detail_;
  Hasher hasher_;
  std::optional<std::string> contents_;  // of a record
  std::uint64_t kept_ = 0;
};

}  // namespace ociassemble
