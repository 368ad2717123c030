// SPDX-License-Identifier: Apache-2.0
#include "commands/command.hpp"
#include "ociassemble/document.hpp"

namespace ociassemble::tool {

Document manifest_of_platform(const Document& root, const std::string& platform) {
  const auto wanted = Platform::parse(platform);
  auto manifest = open_manifest(root, wanted);
  // A manifest says its platform in its config alone.
  if (manifest.descriptor.digest == root.descriptor.digest) open_image(root, wanted);
  return manifest;
}

}  // namespace ociassemble::tool
