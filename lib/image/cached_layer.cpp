// SPDX-License-Identifier: Apache-2.0
#include "image/cached_layer.hpp"

#include <deque>
#include <mutex>
#include <utility>

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

// A layer whose bytes are made when they are first read.
class LayerOnDemand : public BlobReader {
 public:
  LayerOnDemand(std::vector<LayerEntry> entries, LayerOptions options, std::shared_ptr<BlobStore> store,
                std::stop_token stop)
      : entries_(std::move(entries)), options_(options), store_(std::move(store)), stop_(std::move(stop)) {}

  std::unique_ptr<Source> open(const Descriptor& descriptor) override {
    make(descriptor);
    return store_->open(descriptor);
  }

 private:
  void make(const Descriptor& descriptor) {
    const std::lock_guard lock(mutex_);
    if (store_->contains(descriptor)) return;
    const auto made = build_layer(entries_, options_, store_, stop_);
    if (made.descriptor.digest == descriptor.digest) return;
    throw Error(ErrorCode::io, "cannot make layer " + descriptor.digest.to_string() + " again: its files have changed",
                "run the build again");
  }

  const std::vector<LayerEntry> entries_;
  const LayerOptions options_;
  const std::shared_ptr<BlobStore> store_;
  const std::stop_token stop_;
  std::mutex mutex_;
};

// In small pieces, for which there is room where the entries were placed.
std::deque<std::shared_ptr<const EntryBytes>> bytes_of(const std::vector<LayerEntry>& entries) {
  std::deque<std::shared_ptr<const EntryBytes>> all;
  for (const auto& made : entries) {
    if (made.bytes) all.push_back(made.bytes);
  }
  return all;
}

}  // namespace

Layer build_cached_layer(std::vector<LayerEntry> entries, const LayerOptions& options,
                         const std::shared_ptr<BlobStore>& store, LayerCache* cache, const std::optional<Digest>& key,
                         MakeLayer when, const std::stop_token& stop,
                         const std::function<std::shared_ptr<Sink>()>& before_making) {
  const bool caches = cache != nullptr && key;
  const auto known = caches ? cache->find(*key) : std::nullopt;
  if (known) {
    if (store->contains(known->descriptor)) return {known->descriptor, known->diff_id, store};
    if (when == MakeLayer::on_demand) {
      return {known->descriptor, known->diff_id,
              std::make_shared<LayerOnDemand>(std::move(entries), options, store, stop)};
    }
  }
  const auto read = caches ? bytes_of(entries) : std::deque<std::shared_ptr<const EntryBytes>>();
  const auto also_to = !known && before_making ? before_making() : nullptr;
  auto layer = build_layer(std::move(entries), options, store, stop, also_to.get());
  if (caches) cache->put(*key, read, {layer.descriptor, layer.diff_id});
  return layer;
}

}  // namespace ociassemble
