// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace ociassemble {

// The files of a cache that is bounded in bytes, each with the time of its last use, which is its mtime. Never throws
// but std::bad_alloc: what goes away meanwhile is nothing. One thread.
class UsedFiles {
 public:
  // A regular file; anything else is left out.
  void add(const std::filesystem::directory_entry& file);
  std::uint64_t size() const noexcept { return size_; }
  // Removes the least recently used until at most so many bytes are left.
  void remove_oldest(std::uint64_t limit);

 private:
  struct File {
    std::filesystem::path path;
    std::uint64_t size;
    std::filesystem::file_time_type used;
  };
  std::vector<File> files_;
  std::uint64_t size_ = 0;
};

}  // namespace ociassemble
