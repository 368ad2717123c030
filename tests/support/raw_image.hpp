// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ociassemble/image.hpp"
#include "ociassemble/manifest.hpp"
#include "raw_tar.hpp"

namespace ociassemble::test {

// An image in memory whose layers are these archives, from below.
inline Image image_of(const std::vector<RawTar>& layers, ImageConfig config = {}) {
  const auto store = make_memory_store();
  if (config.platform.os.empty()) config.platform = Platform::parse("linux/amd64");
  std::vector<Layer> made;
  for (const auto& layer : layers) {
    const auto bytes = layer.bytes();
    made.push_back({store->put(bytes, media_type::kOciLayer), Digest::of(bytes), store});
  }
  return Image::from_layers(ImageFormat::oci, std::move(made), std::move(config), {});
}

}  // namespace ociassemble::test
