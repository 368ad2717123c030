// SPDX-License-Identifier: Apache-2.0
#include "image/layer_makers.hpp"

#include <string_view>

namespace ociassemble {

std::string annotation(const Image& image, const std::string& name) {
  const auto& annotations = image.manifest().annotations;
  const auto found = annotations.find(name);
  return found == annotations.end() ? std::string() : found->second;
}

std::vector<std::string> layer_makers(const Image& image) {
  std::vector<std::string> makers;
  for (const auto& entry : image.config().history) {
    if (!entry.empty_layer) makers.push_back(entry.created_by.empty() ? entry.comment : entry.created_by);
  }
  makers.resize(image.layers().size());
  return makers;
}

std::vector<std::size_t> application_layers(const Image& image) {
  const auto makers = layer_makers(image);
  std::vector<std::size_t> layers;
  for (std::size_t i = 0; i < makers.size(); ++i) {
    const std::string_view maker = makers[i];
    if (maker.starts_with("ociassemble: binary ") || maker.starts_with("ociassemble: files ")) layers.push_back(i);
  }
  return layers;
}

}  // namespace ociassemble
