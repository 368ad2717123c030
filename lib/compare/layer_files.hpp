// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "ociassemble/compare.hpp"

namespace ociassemble {

// How much metadata a comparison may hold at a time. Safe for concurrent use.
class MetadataBudget {
 public:
  static constexpr std::uint64_t kLimit = std::uint64_t{1} << 30U;

  // Throws Error{unsupported} when that is more than there may be.
  void take(std::uint64_t bytes);
  void give_back(std::uint64_t bytes) noexcept { used_ -= bytes; }

 private:
  std::atomic<std::uint64_t> used_ = 0;
};

// Every entry of a layer by its path; of several with one path the last counts, as it does to who unpacks them.
struct LayerFiles {
  std::map<std::string, FileState> entries;
  std::uint64_t metadata_size = 0;  // what was taken of the budget
};

class LayerPrograms;

// Reads the layer once, every file's digest included; `programs` may be null. Throws what for_each_entry throws, and
// Error{unsupported} past the budget, or for sparse files that claim more than can be read.
LayerFiles read_layer_files(const Layer& layer, MetadataBudget& budget, LayerPrograms* programs,
                            const std::stop_token& stop);

// What differs, by path; against no entries at all, all of them.
std::vector<FileChange> compare_files(const LayerFiles& before, const LayerFiles& after);

}  // namespace ociassemble
