// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace ociassemble::bench {

// The Go programs that this machine has: those of $PATH, then the Go toolchain's.
std::vector<std::filesystem::path> find_go_programs();

// Writes `size` bytes: the programs one after another, from the first again when they do not suffice. Throws
// std::runtime_error where there is no program.
void make_input(const std::vector<std::filesystem::path>& programs, std::uint64_t size,
                const std::filesystem::path& file);

// Writes `file`, from its beginning again and again, until there are `size` bytes.
void repeat_input(const std::filesystem::path& file, std::uint64_t size, const std::filesystem::path& repeated);

// A folder of `count` files of 0 to 8 KiB, slices of `input`, a hundred in each of its folders.
void make_tree(const std::filesystem::path& input, std::size_t count, const std::filesystem::path& folder);

// A file's bytes, mapped for reading, and there: what it costs to touch a new page is not what is measured.
class Mapping {
 public:
  explicit Mapping(const std::filesystem::path& file);
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(address_), size_}; }

 private:
  void* address_;
  std::size_t size_;
};

}  // namespace ociassemble::bench
