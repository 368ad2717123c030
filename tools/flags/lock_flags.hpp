// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ociassemble/assemble_options.hpp"

namespace CLI {
class App;
}

namespace ociassemble::tool {

// Options of a build that may take its bases from a lock file.
class LockFlags {
 public:
  void add_to(CLI::App& app, const char* group);
  // Reads the lock: the file that was named, else "ociassemble.lock" in `folder` (empty: the working directory) when it
  // is there. Throws Error{not_found} for a file that was named, and what Lock::read() throws.
  void read(const std::filesystem::path& folder = {});

  // To be called after read().
  void apply(AssembleOptions& options) const;
  // What is worth a word about the file itself; nothing where all is well.
  std::optional<std::string> remark() const;
  bool pins(const Location& base) const;
  // A text that advises `ociassemble lock`, with the lock file and the platforms that this build was given.
  std::string with_its_options(std::string text, const std::vector<std::string>& platforms) const;
  // The file that was read, for a depfile; nothing where there was none.
  const std::optional<std::filesystem::path>& file() const noexcept { return file_; }

 private:
  std::optional<std::string> named_;
  bool required_ = false;
  bool allow_codec_change_ = false;
  std::optional<std::filesystem::path> file_;
  std::shared_ptr<const Lock> lock_;
};

}  // namespace ociassemble::tool
