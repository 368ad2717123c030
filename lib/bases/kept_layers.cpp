// SPDX-License-Identifier: Apache-2.0
#include "bases/kept_layers.hpp"

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

}  // namespace

std::unique_ptr<Source> open_layer(const Layer& layer, const Workplace& workplace) {
  const auto& kept = workplace.kept_layers;
  if (kept && kept->contains(layer.descriptor)) return kept->open(layer.descriptor);
  auto blob = layer.blobs->open(layer.descriptor);
  if (!kept || !layer.blobs->repository()) return blob;
  return std::make_unique<KeptBlob>(std::move(blob), layer.descriptor, kept);
}

}  // namespace ociassemble
