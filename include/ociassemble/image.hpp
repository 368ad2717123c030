// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ociassemble/blob_store.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/image_config.hpp"
#include "ociassemble/manifest.hpp"

namespace ociassemble {

// A manifest or index as it was found, and the place that it and all that it names can be read from.
struct Document {
  Descriptor descriptor;
  std::string json;
  std::shared_ptr<BlobReader> blobs;
};

// A layer whose bytes can be read: it exists only after they are stored, here or elsewhere.
struct Layer {
  Descriptor descriptor;
  Digest diff_id;
  std::shared_ptr<BlobReader> blobs;  // where the descriptor's bytes are
};

// One platform's image, finished: documents as the bytes that their digests are of, layers that can be read. A value;
// safe to share between threads.
class OCIASSEMBLE_EXPORT Image {
 public:
  // Takes documents as they are found. Throws Error{corrupt} when they contradict each other: the number of layers and
  // of diff IDs, the config's digest, history against layers (more non-empty entries than layers; fewer is a short
  // history). `blobs` is where the layers are.
  static Image from_documents(std::string manifest_json, std::string_view manifest_type, std::string config_json,
                              const std::shared_ptr<BlobReader>& blobs);
  // Makes the manifest's bytes from the layers, the config and the annotations; layers may lie in different places.
  // Media types become those of `format`; the config's diff IDs become the layers'. Docker's format has no annotations:
  // there they are left out, the layers' too. Throws Error{invalid_argument} for a history of more layers than there
  // are.
  static Image from_layers(ImageFormat format, std::vector<Layer> layers, ImageConfig config, Annotations annotations);

  // The manifest's descriptor, with the config's platform.
  const Descriptor& descriptor() const noexcept { return descriptor_; }
  const Digest& digest() const noexcept { return descriptor_.digest; }
  const Manifest& manifest() const noexcept { return manifest_; }
  const ImageConfig& config() const noexcept { return config_; }
  const std::string& manifest_json() const noexcept { return manifest_json_; }
  const std::string& config_json() const noexcept { return config_json_; }
  const std::vector<Layer>& layers() const noexcept { return layers_; }

 private:
  Image(Descriptor descriptor, Manifest manifest, ImageConfig config, std::string manifest_json,
        std::string config_json, std::vector<Layer> layers);

  Descriptor descriptor_;
  Manifest manifest_;
  ImageConfig config_;
  std::string manifest_json_;
  std::string config_json_;
  std::vector<Layer> layers_;
};

// Several platforms' images under one index. `json` is the index's bytes; `images` has those manifests of it that were
// read, in its order; `others` those of it that are no images and were made along, such as attestations.
struct ImageIndex {
  Descriptor descriptor;
  std::string json;
  Index index;
  std::vector<Image> images;
  std::vector<Document> others = {};
};

}  // namespace ociassemble
