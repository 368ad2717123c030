// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "recipe/import/run.hpp"
#include "recipe/import/service_user.hpp"

namespace ociassemble {

// What mkdir, chown, chmod, VOLUME and WORKDIR do: folders that the service writes to, owners and modes of files.
class FolderImport {
 public:
  // Both are borrowed.
  FolderImport(ImportState& state, const UserImport& user) : state_(state), user_(user) {}

  void make(std::size_t line, const std::string& path);
  void add_volume(std::size_t line, const std::string& path);
  void enter(std::size_t line, const std::string& path);
  void change_owner(const DockerInstruction& made, const PathChange& change);
  // Whether the recipe says it, or a comment does.
  bool change_mode(const DockerInstruction& made, const PathChange& change);
  // What the service writes to is known when everything has its place.
  void finish();

 private:
  enum class Kind { made, volume, owned };
  struct Folder {
    std::size_t line;
    std::string path;
    Kind kind;
    std::string owner;
  };
  struct Mode {
    std::size_t line;
    std::string path, mode;
  };

  std::vector<DraftFile*> files_at(const PathChange& change);
  bool holds_files(const std::string& path) const;
  bool may_be_of_copy(const std::string& path) const;
  bool is_folder(const std::string& path) const;
  void finish_folder(const Folder& folder, std::vector<std::string>& volumes);
  void finish_owner(const Folder& folder);
  void note_workdirs();

  ImportState& state_;
  const UserImport& user_;
  std::vector<Folder> folders_, entered_;
  std::vector<Mode> modes_;
};

}  // namespace ociassemble
