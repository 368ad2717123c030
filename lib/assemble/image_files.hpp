// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assemble/placement.hpp"
#include "gates/root_files.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// The root file system of an image that is being assembled: its base, and what was placed on it. Borrows all. One
// thread.
class ImageFiles : public RootFiles {
 public:
  // A local file, or bytes from elsewhere where those are set.
  struct FileBytes {
    std::filesystem::path file;
    std::shared_ptr<const EntryBytes> bytes;
  };
  // By place in the image (Placement::resolve): where the bytes of what was placed are.
  struct Sources {
    std::map<std::string, FileBytes> files;
    std::map<std::string, std::string> texts;  // those that are made

    void put(const std::string& place, FileBytes file);
    void put(const std::string& place, std::string text);
  };

  ImageFiles(const Tree& base, const Placement& placement, const Sources& sources)
      : base_(base), placement_(placement), sources_(sources) {}

  std::optional<RootFile> find(std::string_view path) const override;
  std::optional<RootFolder> folder(std::string_view path) const override;
  std::optional<std::string> text(std::string_view path) const override;
  std::vector<std::string> paths_named(std::string_view name) const override;
  bool may_reach(std::string_view path, std::uint64_t uid, std::uint64_t gid) const override;

 private:
  struct Item;
  std::optional<Item> item_at(const std::string& path) const;
  std::optional<std::string> resolve(std::string_view path) const;
  std::shared_ptr<const LibraryFacts> library_at(const std::string& path) const;
  std::optional<std::uint64_t> certificates_at(const std::string& path) const;

  const Tree& base_;
  const Placement& placement_;
  const Sources& sources_;
  mutable std::map<std::string, std::shared_ptr<const LibraryFacts>> known_;
};

}  // namespace ociassemble
