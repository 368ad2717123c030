// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "bases/shared_work.hpp"
#include "image/layer_builder.hpp"
#include "store/record_cache.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// What an image is laid upon.
struct Base {
  ImageConfig config;  // of the platform; no diff IDs and no history for scratch
  std::vector<Layer> layers;
  std::string name;              // for org.opencontainers.image.base.name; may be empty
  std::optional<Digest> digest;  // of the platform's manifest, for org.opencontainers.image.base.digest
  std::optional<Digest> root;    // of what the name stood for: its index, or its manifest
  std::string description;       // for messages: "docker.io/library/alpine:3.20 (Alpine Linux)"
  Tree tree;
};

// The workplace's cache; nothing where it has none, or others can write to it, with a warning.
std::optional<RecordCache> open_record_cache(const Workplace& workplace);

// The layers' order and contents decide the tree, and nothing else does. What a config or a media type says of a blob
// counts only with the blob that it was found true for.
Digest tree_key(const std::vector<Layer>& layers);

// A layer of entries, unless the work or the workplace's cache, where it has one, knows it. `what` is for the progress;
// empty: not a word.
Layer make_layer(std::vector<LayerEntry> entries, const std::string& what, const LayerOptions& options,
                 const Workplace& workplace, SharedWork& work);

// The tree that a base's layers make, from the work or the cache where it knows it.
Tree read_base_tree(const std::vector<Layer>& layers, const Workplace& workplace, SharedWork& work);

// The local files that a location is read from.
std::vector<std::filesystem::path> inputs_of(const Location& location);

// Finds the base, reads its tree. With workplace.copy_base its layers are brought into the store first. `inputs` gains
// the local files that were read.
Base open_base(SharedWork& work, const BaseRequest& request, const Platform& platform, const Workplace& workplace,
               std::vector<std::filesystem::path>& inputs);

}  // namespace ociassemble
