// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>

#include "io/sorted_records.hpp"
#include "ociassemble/compare.hpp"

namespace ociassemble {

// How much metadata a comparison may keep. Safe for concurrent use.
class MetadataBudget {
 public:
  static constexpr std::uint64_t kLimit = std::uint64_t{1} << 30U;

  // Throws Error{unsupported} when that is more than there may be.
  void take(std::uint64_t bytes);

 private:
  std::atomic<std::uint64_t> used_ = 0;
};

class LayerPrograms;

// Every entry of a layer by its path, as encode_state() writes it; of several with one path the last counts, as it does
// to who unpacks them. Reads the layer once, every file's digest included; `programs` may be null. Throws what
// for_each_entry throws, Error{unsupported} past the budget, or for sparse files that claim more than can be read, and
// Error{io}.
SortedRecords read_layer_files(const Layer& layer, MetadataBudget& budget, LayerPrograms* programs,
                               const std::stop_token& stop);

// What differs, by path; against no entries at all, all of them.
FileChanges compare_files(SortedRecords before, SortedRecords after);

}  // namespace ociassemble
