// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/handover.hpp"
#include "image/layer_builder.hpp"

namespace ociassemble {

// The bytes of entries, one after the other. Small files are read by another thread while the ones before them are
// worked on: to open a file and to look at it twice takes longer than its bytes. At most some 4 MiB ahead. Where the
// system gives no thread, or small files are few, there is none.
class EntryReader {
 public:
  // Borrows the entries.
  EntryReader(const std::vector<LayerEntry>& entries, std::stop_token stop);
  EntryReader(const EntryReader&) = delete;
  EntryReader& operator=(const EntryReader&) = delete;
  ~EntryReader() = default;

  // Of entry `index`, which is a regular file; each once, in their order. Throws what opening it throws, and for a
  // small one what reading it throws.
  std::unique_ptr<Source> open(std::size_t index);

 private:
  // What one lock hands over.
  struct Batch {
    std::deque<std::string> files;
    std::size_t bytes = 0;
    std::exception_ptr failure = nullptr;  // of the file after them
  };

  void read_small_files();

  const std::vector<LayerEntry>& entries_;
  const std::stop_token stop_;
  Batch current_;          // open()'s own
  Handover<Batch> ready_;  // last: its thread uses the others
};

}  // namespace ociassemble
