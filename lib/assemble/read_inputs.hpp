// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// The local files that were read for an image.
class ReadInputs {
 public:
  // Those that are named one by one.
  std::vector<std::filesystem::path>& named() noexcept { return named_; }
  void add(const std::filesystem::path& file) { named_.push_back(file); }
  // One of an added folder's members, which may be many: `folder` ends with a '/'.
  void add_member(std::string_view folder, std::string_view path);

  // All of them, sorted, each once.
  std::vector<std::string> all() const;

 private:
  std::vector<std::filesystem::path> named_;
  // Of each what it does not begin with as the one before does: two bytes for how much that is, the rest, and a NUL.
  std::string members_;
  std::string last_member_;
};

}  // namespace ociassemble
