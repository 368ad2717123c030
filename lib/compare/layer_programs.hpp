// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "compare/go_causes.hpp"
#include "inspect/elf_spool.hpp"

namespace ociassemble {

// The Go programs of a layer that is read. At most 1,000, and 64 MiB of facts: of further ones nothing is known. One
// thread.
class LayerPrograms {
 public:
  // A file's bytes, in pieces.
  void begin() { spool_.begin(); }
  void write(std::span<const std::byte> bytes) { spool_.write(bytes); }
  // The file's end. Of several files at one path the last counts. Throws Error{io}.
  void finish(const std::string& path);

  bool empty() const noexcept { return programs_.empty(); }
  // Null for what is no Go program.
  const GoSide* find(const std::string& path) const;

 private:
  static constexpr std::size_t kMost = 1000;
  static constexpr std::uint64_t kMostFacts = std::uint64_t{64} << 20U;
  static constexpr std::uint64_t kLargest = std::uint64_t{2} << 30U;

  ElfSpool spool_{kLargest};
  std::map<std::string, GoSide> programs_;
  std::uint64_t facts_ = 0;
};

// Adds why Go programs differ that both layers have at a path where the contents differ.
void find_go_causes(const FileChanges& files, const LayerPrograms& before, const LayerPrograms& after,
                    CauseList& causes);

}  // namespace ociassemble
