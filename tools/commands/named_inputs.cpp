// SPDX-License-Identifier: Apache-2.0
#include "commands/named_inputs.hpp"

#include <string>

#include "base/escape.hpp"
#include "base/file_status.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble::tool {

void require_inputs(const AssembleOptions& options) {
  for (const auto& binary : options.contents.binaries) {
    if (is_there(binary.source)) continue;
    const auto path = binary.source.string();
    throw Error(ErrorCode::not_found, "cannot use program " + path + ": it does not exist",
                path.find(':') != std::string::npos
                    ? "a destination begins with /: --binary PATH:/DEST"
                    : "compile it first, for example: CGO_ENABLED=0 go build -o " + shell_word(path) + " .");
  }
  for (const auto& add : options.contents.adds) {
    if (add.image || is_there(add.source)) continue;
    throw Error(ErrorCode::not_found, "cannot add " + add.source.string() + ": it does not exist",
                "correct the path; a relative one is taken from the working directory");
  }
}

std::vector<std::filesystem::path> named_inputs(const std::vector<Build>& builds) {
  std::vector<std::filesystem::path> inputs;
  for (const auto& build : builds) {
    for (const auto& image : build.images) {
      for (const auto& binary : image.contents.binaries) inputs.push_back(binary.source);
      for (const auto& add : image.contents.adds) inputs.push_back(add.image ? add.image->path : add.source);
      if (image.base.kind != Location::Kind::oci_layout) inputs.push_back(image.base.path);
    }
  }
  std::erase(inputs, std::filesystem::path());
  return inputs;
}

std::vector<Location> named_images(const std::vector<AssembleOptions>& images) {
  std::vector<Location> named;
  named.reserve(images.size());
  for (const auto& image : images) named.push_back(image.base);
  for (const auto& image : images) {
    for (const auto& add : image.contents.adds) {
      if (add.image) named.push_back(*add.image);
    }
  }
  return named;
}

std::vector<Location> named_images(const std::vector<Build>& builds, const std::string& against) {
  std::vector<AssembleOptions> images;
  for (const auto& build : builds) images.insert(images.end(), build.images.begin(), build.images.end());
  auto named = named_images(images);
  if (!against.empty()) named.push_back(Location::parse(against));
  return named;
}

}  // namespace ociassemble::tool
