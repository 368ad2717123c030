// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "commands/build_result.hpp"
#include "commands/path_claims.hpp"
#include "commands/recipe_build.hpp"

namespace CLI {
class App;
}

namespace ociassemble::tool {

// The options of `build` for files beside the images, and what writes them: digest, depfile, SBOMs, checksums, stamp.
class BuildFiles {
 public:
  void add_to(CLI::App& app, const char* group);
  // `folder` is where SBOMs go as files, too, where it is set. Throws Error{invalid_argument} for what several builds
  // would write, and for checksums of nothing.
  void check(const std::vector<Build>& builds, const std::optional<std::string>& folder);
  // What is written; `made` is empty as long as nothing is, and what it is called after then not known.
  void claim(const std::vector<Build>& builds, const std::vector<BuildResult>& made, PathClaims& claims) const;

  // Once an image is published. `read` are local files that were read, beside those that the result knows.
  void write(const Build& build, const BuildResult& made, const std::vector<std::filesystem::path>& read) const;
  // Once all are.
  void write_checksums(const std::vector<Build>& builds, const std::vector<BuildResult>& made) const;
  // Last, so that it is newer than all that went in.
  void write_stamp_of(const Build& build, const BuildResult& made) const;

 private:
  std::vector<std::filesystem::path> sboms_of(const Build& build, const BuildResult& made) const;
  std::string depfile_target(const Build& build) const;

  std::optional<std::string> digest_file_, depfile_, depfile_target_, stamp_, checksums_, sbom_folder_;
};

}  // namespace ociassemble::tool
