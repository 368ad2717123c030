// SPDX-License-Identifier: Apache-2.0
#include "attest/layer_records.hpp"

#include <fmt/format.h>

namespace ociassemble {
namespace {

// What was found in the blob that a descriptor names, and found to have that diff ID.
Digest key_of(const Layer& layer) {
  return Digest::of(fmt::format("{} {}\n", layer.descriptor.digest.to_string(), layer.diff_id.to_string()));
}

}  // namespace

std::optional<SharedBytes> LayerRecords::find(std::string_view kind, const Layer& layer) const {
  const auto key = key_of(layer);
  if (cache_) return cache_->find(kind, key);
  const auto found = kept_.find({std::string(kind), key});
  return found == kept_.end() ? std::nullopt : std::optional(found->second);
}

void LayerRecords::put(std::string_view kind, const Layer& layer, std::string record) {
  const auto key = key_of(layer);
  if (cache_) return cache_->put(kind, key, record);
  kept_.insert_or_assign({std::string(kind), key}, share(std::move(record)));
}

}  // namespace ociassemble
