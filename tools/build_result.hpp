// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ociassemble/platforms.hpp"

namespace ociassemble::tool {

// What a build made: the image of one platform, or an index of several.
class BuildResult {
 public:
  // Assembles the images, one for each of the options.
  BuildResult(const std::vector<AssembleOptions>& options, const Workplace& workplace);

  const Digest& digest() const noexcept;
  // Local files that were read, sorted.
  std::vector<std::filesystem::path> inputs() const;
  // See publish() and publish_shallow().
  std::string publish(const Location& target, const Workplace& workplace) const;
  std::string publish_shallow(const Location& target, const Workplace& workplace) const;
  // What `build --json` prints.
  std::string json(const std::vector<std::string>& published) const;

 private:
  std::vector<Assembled> images_;
  std::optional<ImageIndex> index_;
};

// "linux/amd64,linux/arm64", and several such texts. Throws Error{invalid_argument}.
std::vector<Platform> parse_platforms(const std::vector<std::string>& texts);

// The options for each platform. Without platforms: as they are, or for the host's where a binary's path asks for one.
std::vector<AssembleOptions> options_for(const AssembleOptions& options, const std::vector<Platform>& platforms);

}  // namespace ociassemble::tool
