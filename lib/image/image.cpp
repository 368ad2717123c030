// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/image.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

[[noreturn]] void contradiction(const Digest& manifest, const std::string& cause) {
  throw Error(ErrorCode::corrupt, fmt::format("cannot use image {}: {}", manifest.to_string(), cause));
}

std::size_t layers_in_history(const ImageConfig& config) {
  return static_cast<std::size_t>(std::count_if(config.history.begin(), config.history.end(),
                                                [](const auto& entry) { return !entry.empty_layer; }));
}

void require_config(const Digest& manifest, const Descriptor& expected, const std::string& config_json) {
  if (config_json.size() != expected.size) {
    contradiction(manifest, fmt::format("its config has {} bytes instead of the {} that the manifest promises",
                                        config_json.size(), expected.size));
  }
  const auto actual = Digest::of(config_json, expected.digest.algorithm());
  if (actual != expected.digest) {
    throw DigestMismatch(fmt::format("config of image {}", manifest.to_string()), expected.digest.to_string(),
                         actual.to_string());
  }
}

void require_consistent(const Digest& digest, const Manifest& manifest, const ImageConfig& config) {
  if (manifest.layers.size() != config.diff_ids.size()) {
    contradiction(digest, fmt::format("the manifest has {} layers and the config {} diff IDs", manifest.layers.size(),
                                      config.diff_ids.size()));
  }
  const auto in_history = layers_in_history(config);
  if (in_history > manifest.layers.size()) {
    contradiction(digest, fmt::format("the config's history has {} layers and the manifest has {}", in_history,
                                      manifest.layers.size()));
  }
}

std::vector<Layer> pair_layers(const Manifest& manifest, const ImageConfig& config,
                               const std::shared_ptr<BlobReader>& blobs) {
  std::vector<Layer> layers;
  layers.reserve(manifest.layers.size());
  for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
    layers.push_back({.descriptor = manifest.layers[i], .diff_id = config.diff_ids[i], .blobs = blobs});
  }
  return layers;
}

// Docker's schema 2 has no annotations, neither on the manifest nor on a layer.
void convert_layer(Descriptor& descriptor, ImageFormat format) {
  descriptor.media_type = convert_media_type(descriptor.media_type, format);
  if (format == ImageFormat::docker) descriptor.annotations.clear();
}

}  // namespace

Image::Image(Descriptor descriptor, Manifest manifest, ImageConfig config, std::string manifest_json,
             std::string config_json, std::vector<Layer> layers)
    : descriptor_(std::move(descriptor)),
      manifest_(std::move(manifest)),
      config_(std::move(config)),
      manifest_json_(std::move(manifest_json)),
      config_json_(std::move(config_json)),
      layers_(std::move(layers)) {}

Image Image::from_documents(std::string manifest_json, std::string_view manifest_type, std::string config_json,
                            const std::shared_ptr<BlobReader>& blobs) {
  Descriptor descriptor{.media_type = {}, .digest = Digest::of(manifest_json), .size = manifest_json.size()};
  auto manifest = Manifest::parse(manifest_json, manifest_type);
  require_config(descriptor.digest, manifest.config, config_json);
  auto config = ImageConfig::parse(config_json);
  require_consistent(descriptor.digest, manifest, config);
  descriptor.media_type = manifest.media_type();
  descriptor.platform = config.platform;
  auto layers = pair_layers(manifest, config, blobs);
  return {std::move(descriptor),    std::move(manifest),    std::move(config),
          std::move(manifest_json), std::move(config_json), std::move(layers)};
}

Image Image::from_layers(ImageFormat format, std::vector<Layer> layers, ImageConfig config, Annotations annotations) {
  config.diff_ids.clear();
  for (auto& layer : layers) {
    convert_layer(layer.descriptor, format);
    config.diff_ids.push_back(layer.diff_id);
  }
  if (const auto in_history = layers_in_history(config); in_history > layers.size()) {
    throw Error(
        ErrorCode::invalid_argument,
        fmt::format("cannot make an image: the history has {} layers, and there are {}", in_history, layers.size()));
  }
  auto config_json = config.to_json();
  Manifest manifest{.format = format,
                    .artifact_type = {},
                    .config = {.media_type = std::string(config_type(format)),
                               .digest = Digest::of(config_json),
                               .size = config_json.size()},
                    .layers = {},
                    .subject = {},
                    .annotations = {}};
  for (const auto& layer : layers) manifest.layers.push_back(layer.descriptor);
  if (format == ImageFormat::oci) manifest.annotations = std::move(annotations);
  auto manifest_json = manifest.to_json();
  Descriptor descriptor{.media_type = std::string(manifest.media_type()),
                        .digest = Digest::of(manifest_json),
                        .size = manifest_json.size(),
                        .urls = {},
                        .annotations = {},
                        .platform = config.platform,
                        .artifact_type = {}};
  return {std::move(descriptor),    std::move(manifest),    std::move(config),
          std::move(manifest_json), std::move(config_json), std::move(layers)};
}

}  // namespace ociassemble
