// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <functional>
#include <vector>

#include "base/handover.hpp"
#include "image/layer_builder.hpp"

namespace ociassemble {

// Takes what one thread finds in a folder while another looks on: to look at a file takes as long as to place it. Some
// thousand entries ahead. Where the system gives no thread, this one does both.
class FolderWalk {
 public:
  using Visit = std::function<void(LayerEntry)>;
  // Calls its argument with one entry after the other.
  using Find = std::function<void(const Visit&)>;

  // `find` is called by the other thread, not after the end of this.
  explicit FolderWalk(Find find);
  FolderWalk(const FolderWalk&) = delete;
  FolderWalk& operator=(const FolderWalk&) = delete;
  ~FolderWalk() = default;

  // Once. Calls `visit` in this thread; throws what it throws, and what `find` throws after the entries before.
  void run(const Visit& visit);

 private:
  struct Batch {
    std::vector<LayerEntry> entries;
    std::exception_ptr failure = nullptr;  // after them
    bool is_last = false;
  };

  void find_all();

  const Find find_;
  Handover<Batch> found_;  // last: its thread uses the others
};

}  // namespace ociassemble
