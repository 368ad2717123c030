// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "compress/codec.hpp"
#include "io/streams.hpp"
#include "ociassemble/document.hpp"
#include "ociassemble/image.hpp"
#include "raw_tar.hpp"

namespace ociassemble::test {

// Images of layers that are made by hand, in a memory store.
class Images {
 public:
  Layer layer(const RawTar& tar, Compression kind = Compression::gzip) const {
    const auto bytes = tar.bytes();
    StringSink compressed;
    const auto compressor = make_compressor({.kind = kind, .level = 0, .workers = 1}, compressed);
    compressor->write(as_bytes(bytes));
    compressor->finish();
    return {store->put(compressed.bytes(), layer_type(ImageFormat::oci, kind)), Digest::of(bytes), store};
  }

  // A layer and what its history says of it.
  using Made = std::pair<Layer, std::string>;
  static Image image(const std::vector<Made>& made, ImageConfig config = {}, Annotations annotations = {}) {
    if (config.platform.os.empty()) config.platform = Platform::parse("linux/amd64");
    std::vector<Layer> layers;
    for (const auto& [layer, maker] : made) {
      layers.push_back(layer);
      HistoryEntry entry;
      entry.created_by = maker;
      config.history.push_back(entry);
    }
    return Image::from_layers(ImageFormat::oci, std::move(layers), std::move(config), std::move(annotations));
  }

  // Puts an image's documents into the store.
  Document document(const Image& image) const {
    store->put(image.config_json(), media_type::kOciConfig);
    store->put(image.manifest_json(), media_type::kOciManifest);
    return {image.descriptor(), image.manifest_json(), store};
  }
  Document index(const std::vector<Image>& images) const {
    Index index;
    for (const auto& image : images) index.manifests.push_back(document(image).descriptor);
    auto json = index.to_json();
    auto descriptor = store->put(json, media_type::kOciIndex);
    return {std::move(descriptor), std::move(json), store};
  }

  std::shared_ptr<BlobStore> store = make_memory_store();
};

// A place that says that nobody may read there.
class Untouchable : public BlobReader {
 public:
  std::unique_ptr<Source> open(const Descriptor&) override { throw std::logic_error("a layer was read"); }
};

}  // namespace ociassemble::test
