// SPDX-License-Identifier: Apache-2.0
#include "store/staged_store.hpp"

#include <utility>

#include "base/temporary_parent.hpp"

namespace ociassemble {

StagedStore::StagedStore(std::shared_ptr<BlobStore> target, const std::filesystem::path& parent)
    : target_(std::move(target)), folder_(parent), staged_(folder_.path(), Durability::synced) {}

std::unique_ptr<Source> StagedStore::open(const Descriptor& descriptor) {
  return staged_.contains(descriptor) ? staged_.open(descriptor) : target_->open(descriptor);
}

std::optional<std::filesystem::path> StagedStore::file(const Digest& digest) const {
  auto file = staged_.file(digest);
  return file ? file : target_->file(digest);
}

std::optional<std::uint64_t> StagedStore::size(const Digest& digest) const {
  const auto size = staged_.size(digest);
  return size ? size : target_->size(digest);
}

std::optional<std::filesystem::path> StagedStore::own_file(const Digest& digest) const {
  return staged_.brought(digest) ? staged_.file(digest) : std::nullopt;
}

std::shared_ptr<BlobStore> make_staged_store(std::shared_ptr<BlobStore> target) {
  return in_temporary_parent([&](const std::filesystem::path& parent) {
    return std::static_pointer_cast<BlobStore>(std::make_shared<StagedStore>(target, parent));
  });
}

}  // namespace ociassemble
