// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "image/layer_cache.hpp"

namespace ociassemble {

// When a layer that the cache knows, and the store does not have, is made: at once, or when somebody asks for its bytes
// (a push that finds the blob in the registry never does).
enum class MakeLayer { now, on_demand };

// build_layer of sorted entries, unless the cache (may be null) knows what comes out for their key (LayerCache::key)
// and the store has it. `before_making` (may be empty) is called before a layer is made that the cache does not know;
// the blob's bytes also go to what it returns (may be null). Throws what build_layer throws; a layer made on demand
// throws Error{io} when its files changed in between.
Layer build_cached_layer(std::vector<LayerEntry> entries, const LayerOptions& options,
                         const std::shared_ptr<BlobStore>& store, LayerCache* cache, const std::optional<Digest>& key,
                         MakeLayer when, const std::stop_token& stop,
                         const std::function<std::shared_ptr<Sink>()>& before_making = {});

}  // namespace ociassemble
