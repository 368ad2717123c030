// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ociassemble/causes.hpp"
#include "ociassemble/compare.hpp"

namespace ociassemble {

// Collects causes: those that are the same for several files become one. One thread.
class CauseList {
 public:
  void add(CauseKind kind, std::vector<CauseChange> changes = {}, const std::string& path = {}, bool is_certain = true);
  // By kind; paths in their order.
  std::vector<Cause> take();

 private:
  static constexpr std::size_t kMostPaths = 100;
  static constexpr std::size_t kMostCauses = 1000;

  std::vector<Cause> causes_;
  std::map<std::pair<CauseKind, std::string>, std::size_t> places_;  // by kind and all that has to be the same
};

// Causes that the files of a changed layer show: differing times, modes, owners and attributes, and nothing else.
// `files` are the layer's, by path.
void find_file_causes(const FileChanges& files, CauseList& causes);
// Causes that the documents show; those of a layer's compression also by its first bytes, where layers may be read.
void find_image_causes(const ImageComparison& comparison, const Image& before, const Image& after,
                       const CompareOptions& options, CauseList& causes);

}  // namespace ociassemble
