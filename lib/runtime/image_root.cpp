// SPDX-License-Identifier: Apache-2.0
#include "runtime/image_root.hpp"

#include "image/layer_reader.hpp"

namespace ociassemble {

Tree empty_image_root() { return Tree({kPasswdPath, kGroupPath}); }

Tree read_image_root(const Image& image, const std::stop_token& stop) {
  auto tree = empty_image_root();
  for (const auto& layer : image.layers()) {
    tree.start_layer();
    for_each_entry(layer, stop, [&](const ReadEntry& read) { tree.add(read.entry, read.data); });
  }
  return tree;
}

}  // namespace ociassemble
