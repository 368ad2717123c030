// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/elf_file.hpp"

namespace ociassemble {

// Which functions and packages are linked into a Go program, as a set of hashes: a fraction of what their names take.
// Names are those of the Go vulnerability database: "Function", "Type.Method" without pointer and type arguments.
// A hash that is not there was not linked; two names with one hash are possible, and as unlikely as any of 2^64.
// A value; safe to share between threads.
class LinkedFunctions {
 public:
  LinkedFunctions() = default;
  // Hashes that another had; sorted here.
  explicit LinkedFunctions(std::vector<std::uint64_t> hashes);

  bool has_function(std::string_view package, std::string_view symbol) const;
  bool has_package(std::string_view path) const;
  // The package of that path, or one below it.
  bool has_any_package_in(std::string_view path) const;

  const std::vector<std::uint64_t>& hashes() const noexcept { return hashes_; }

 private:
  std::vector<std::uint64_t> hashes_;  // sorted, each once
};

// Nothing where the program has no table of functions that can be read, or one of more than two million names.
std::optional<LinkedFunctions> read_linked_functions(const ElfFile& elf, const BoundedFile& file);

// The linker's name of a function in its parts; nothing for what is no function of a package ("go:buildid", "type:…").
struct FunctionName {
  std::string package;  // "net/http"; of the main package "main"
  std::string symbol;   // "Transport.RoundTrip"
};
std::optional<FunctionName> split_function_name(std::string_view linked);

}  // namespace ociassemble
