// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gates/root_files.hpp"

namespace ociassemble::test {

// A root file system in memory; symlinks are left to those who follow them for real.
class MemoryRoot : public RootFiles {
 public:
  std::optional<RootFile> find(std::string_view path) const override { return in(files, path); }
  std::optional<RootFolder> folder(std::string_view path) const override { return in(folders, path); }
  std::optional<std::string> text(std::string_view path) const override { return in(texts, path); }
  std::vector<std::string> paths_named(std::string_view name) const override {
    std::vector<std::string> found;
    for (const auto& [path, file] : files) {
      if (path.substr(path.rfind('/') + 1) == name) found.push_back(path);
    }
    return found;
  }
  bool may_reach(std::string_view, std::uint64_t, std::uint64_t) const override { return is_reachable; }

  RootFile& put(const std::string& path, const LibraryFacts& facts) {
    return files[path] = RootFile{path, 0755, 0, 0, std::make_shared<const LibraryFacts>(facts), {}};
  }
  RootFile& put(const std::string& path, std::uint32_t mode = 0644) {
    return files[path] = RootFile{path, mode, 0, 0, nullptr, {}};
  }

  std::map<std::string, RootFile, std::less<>> files;
  std::map<std::string, RootFolder, std::less<>> folders;
  std::map<std::string, std::string, std::less<>> texts;
  bool is_reachable = true;

 private:
  template <class Map>
  static std::optional<typename Map::mapped_type> in(const Map& map, std::string_view path) {
    while (path.starts_with('/')) path.remove_prefix(1);
    const auto found = map.find(path);
    if (found == map.end()) return {};
    return found->second;
  }
};

}  // namespace ociassemble::test
