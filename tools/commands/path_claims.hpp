// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ociassemble/location.hpp"

namespace ociassemble::tool {

// The files that a command reads and writes, so that none is written over another. A file is known by where its path
// leads, links followed, and by its inode where it is there. Devices and pipes take part in nothing.
class PathClaims {
 public:
  // `what` names the file in errors: "the recipe", "--digest-file out".
  void read(const std::filesystem::path& file, std::string what);
  // Files that have been read, so that they are there, and that may be many.
  void read_these(const std::vector<std::string>& files) { files_read_.push_back(&files); }
  // Nothing is written into a layout that is read either.
  void read_layout(const std::filesystem::path& layout, std::string what);
  // Nothing that is in the folder is written.
  void read_folder(const std::filesystem::path& folder, std::string what);
  // Throws Error{invalid_argument} when the file is read or written already, or lies in a layout that is read or
  // written.
  void write(const std::filesystem::path& file, const std::string& what);
  // The same for a place of images: an archive, or a name in a layout. Several names of one docker archive are one
  // file.
  void write(const Location& target);

 private:
  struct Claim {
    std::filesystem::path path;
    std::optional<std::pair<dev_t, ino_t>> inode;
    std::string what;
  };
  std::filesystem::path where_it_leads(const std::filesystem::path& path);
  std::optional<Claim> claim(const std::filesystem::path& path, std::string what);
  void refuse_taken(const Claim& file) const;
  void refuse_read(const Claim& file) const;
  void write_layout(const Location& target);

  std::unordered_map<std::string, std::filesystem::path> folders_;  // and where they lead
  std::vector<Claim> read_, written_, layouts_, folders_read_;
  std::vector<const std::vector<std::string>*> files_read_;  // borrowed
  std::vector<std::pair<std::string, std::string>> names_;   // in layouts, and of whom
};

}  // namespace ociassemble::tool
