// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "io/shared_bytes.hpp"
#include "ociassemble/digest.hpp"
#include "ociassemble/image.hpp"
#include "store/record_cache.hpp"

namespace ociassemble {

// What was found in layers, by the kind of record: in a cache, or, where there is none, in memory. One thread.
class LayerRecords {
 public:
  explicit LayerRecords(std::optional<RecordCache> cache) : cache_(std::move(cache)) {}

  std::optional<SharedBytes> find(std::string_view kind, const Layer& layer) const;
  void put(std::string_view kind, const Layer& layer, std::string record);

 private:
  std::optional<RecordCache> cache_;
  std::map<std::pair<std::string, Digest>, SharedBytes> kept_;
};

}  // namespace ociassemble
