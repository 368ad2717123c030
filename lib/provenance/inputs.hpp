// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ociassemble/provenance.hpp"

namespace ociassemble {

// The SHA-256 of a file, of one time.
std::string hash_file(const std::filesystem::path& file);
// The SHA-256 over a line for each entry, sorted by path: what it is, its path, its bytes' SHA-256 or its link's
// target. `ignore` as AddInput::ignore.
std::string hash_folder(const std::filesystem::path& folder, const std::optional<std::string>& ignore);
// The same with modes, owners and extended attributes: of a root file system.
std::string hash_rootfs(const std::filesystem::path& folder);

// What a Go program says of how it was built: "go.version", "vcs.revision", …; nothing of other files.
std::map<std::string, std::string> program_facts(const std::filesystem::path& file);

// Gives local inputs their names, each path one, and hashes them. One thread.
class InputNames {
 public:
  explicit InputNames(const std::filesystem::path& folder);

  enum class As { file, folder, rootfs };
  // The name of the path, which is a file or a folder. A folder that is taken by other rules is another input.
  std::string name(const std::filesystem::path& path, As as, const std::optional<std::string>& ignore = {});
  // An image: its name is given.
  void add_image(const std::string& name, const std::string& sha256);
  // A layout or an archive with an image: it has a name as a path has, and the image's digest.
  std::string name_layout(const std::filesystem::path& path, const std::string& sha256);
  void add_host(const std::string& what, const std::string& sha256);

  // Sorted by name.
  std::vector<BuildInput> take() const;

 private:
  std::string free_name(const std::filesystem::path& path, const std::string& key);

  std::filesystem::path folder_;
  std::map<std::string, std::string> names_;  // by path and rules
  std::map<std::string, BuildInput> inputs_;  // by name
};

}  // namespace ociassemble
