// SPDX-License-Identifier: Apache-2.0
#include "bases/kept_layers.hpp"

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace ociassemble {
namespace {

// Hands on a blob that is read, and keeps it once it was read to its end.
class KeptBlob : public Source {
 public:
  KeptBlob(std::unique_ptr<Source> from, const Descriptor& descriptor, std::shared_ptr<BlobStore> store)
      : from_(std::move(from)), descriptor_(descriptor), store_(std::move(store)), writer_(store_->begin()) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const auto count = from_->read(buffer);
    if (writer_ != nullptr) writer_->write(buffer.first(count));
    if (count == 0 && !buffer.empty() && writer_ != nullptr) {
      writer_->commit(descriptor_);
      writer_.reset();
    }
    return count;
  }

 private:
  std::unique_ptr<Source> from_;
  const Descriptor descriptor_;
  const std::shared_ptr<BlobStore> store_;
  std::unique_ptr<BlobWriter> writer_;
};

class KeptLayers : public BlobReader {
 public:
  KeptLayers(const Image& image, std::shared_ptr<FileCache> cache, std::stop_token stop)
      : cache_(std::move(cache)), stop_(std::move(stop)) {
    for (const auto& layer : image.layers()) layers_.insert_or_assign(layer.descriptor.digest, layer.blobs);
  }

  std::unique_ptr<Source> open(const Descriptor& descriptor) override {
    const auto& from = layers_.at(descriptor.digest);
    if (!from->repository()) return from->open(descriptor);
    const std::lock_guard lock(mutex_);
    if (cache_->holds(descriptor, stop_)) return cache_->open(descriptor);
    auto blob = from->open(descriptor);
    auto store = cache_->make_room(descriptor.size);
    if (!store) return blob;
    return std::make_unique<KeptBlob>(std::move(blob), descriptor, std::move(store));
  }

  std::optional<std::filesystem::path> file(const Digest& digest) const override {
    const auto found = layers_.find(digest);
    return found == layers_.end() ? std::nullopt : found->second->file(digest);
  }

 private:
  std::map<Digest, std::shared_ptr<BlobReader>> layers_;
  const std::shared_ptr<FileCache> cache_;
  const std::stop_token stop_;
  std::mutex mutex_;
};

}  // namespace

Image with_kept_layers(const Image& image, const std::shared_ptr<FileCache>& cache, const std::stop_token& stop) {
  return Image::from_documents(image.manifest_json(), image.manifest().media_type(), image.config_json(),
                               std::make_shared<KeptLayers>(image, cache, stop));
}

std::unique_ptr<Source> open_layer(const Layer& layer, const Workplace& workplace) {
  const auto& kept = workplace.kept_layers;
  if (kept && kept->contains(layer.descriptor)) return kept->open(layer.descriptor);
  auto blob = layer.blobs->open(layer.descriptor);
  if (!kept || !layer.blobs->repository()) return blob;
  return std::make_unique<KeptBlob>(std::move(blob), layer.descriptor, kept);
}

}  // namespace ociassemble
