// SPDX-License-Identifier: Apache-2.0
#include "inputs/folder_walk.hpp"

#include <cstddef>
#include <utility>

namespace ociassemble {
namespace {

constexpr std::size_t kBatchEntries = 128;
constexpr std::size_t kMostBatches = 8;

struct Abandoned {};

}  // namespace

FolderWalk::FolderWalk(Find find) : find_(std::move(find)), found_(kMostBatches) {
  found_.start([this] { find_all(); });
}

void FolderWalk::find_all() {
  Batch batch;
  try {
    find_([&](LayerEntry entry) {
      batch.entries.push_back(std::move(entry));
      if (batch.entries.size() < kBatchEntries) return;
      if (!found_.put(std::exchange(batch, {}))) throw Abandoned{};
      batch.entries.reserve(kBatchEntries);
    });
  } catch (const Abandoned&) {
    return;
  } catch (...) {
    batch.failure = std::current_exception();
  }
  batch.is_last = true;
  found_.put(std::move(batch));
}

void FolderWalk::run(const Visit& visit) {
  if (!found_.is_started()) return find_(visit);
  for (bool is_last = false; !is_last;) {
    auto batch = found_.take();
    for (auto& entry : batch.entries) visit(std::move(entry));
    if (batch.failure) std::rethrow_exception(batch.failure);
    is_last = batch.is_last;
  }
}

}  // namespace ociassemble
