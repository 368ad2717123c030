// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "assemble/placement.hpp"

namespace ociassemble {

using Warn = std::function<void(const std::string&)>;  // may be empty

// Warns of paths that differ in case or in the form of their letters alone: where the image is unpacked on macOS or
// Windows, one file takes the other's place.
void warn_of_equal_names(const Placement& placement, const Warn& warn);

// The modes of a folder's files, as the disk has them.
class FileModes {
 public:
  // `entry`'s path is relative to the folder.
  void add(const TarEntry& entry);
  // Warns of a folder in which every file is executable and none is a program: its file system keeps no modes, and the
  // image would have those that it makes up.
  void warn_of_made_up_ones(const std::filesystem::path& folder, const Warn& warn) const;

 private:
  bool all_are_executable_ = true;
  std::size_t files_ = 0;
  std::vector<std::string> some_;  // their paths
};

}  // namespace ociassemble
