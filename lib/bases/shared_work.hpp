// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/made_once.hpp"
#include "bases/base_finder.hpp"
#include "bases/source_image.hpp"
#include "ociassemble/image.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// What assemblies that run together have in common, each made once even without a cache. Safe for concurrent use;
// borrows the workplace.
struct SharedWork {
  explicit SharedWork(const Workplace& workplace) : bases(workplace), sources(workplace) {}

  BaseFinder bases;
  SourceImages sources;
  MadeOnce<Digest, Layer> layers;  // by LayerCache::key
  MadeOnce<Digest, Tree> trees;    // by the digests and diff IDs of their layers
};

}  // namespace ociassemble
