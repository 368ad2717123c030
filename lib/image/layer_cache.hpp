// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/layer_builder.hpp"
#include "store/record_cache.hpp"

namespace ociassemble {

// What a layer came out as: all that an image needs of it but the bytes.
struct LayerResult {
  Descriptor descriptor;
  Digest diff_id;
};

// What a layer came out as, by what went in: the metadata of its entries, the identity of their bytes, the layer
// format, the codec and its version. Files are told apart by device, inode, size, mtime and ctime; a layer is only
// remembered when each of its files lies where a change moves the ctime, and had been at rest for longer than the
// clock's grain. Whoever reads the files fails the layer when one is not what its identity says (InputFile).
class LayerCache {
 public:
  explicit LayerCache(std::shared_ptr<RecordCache> records) : records_(std::move(records)) {}

  // The key of a layer; nothing when the bytes of an entry have no identity that tells changes.
  static std::optional<Digest> key(const std::vector<LayerEntry>& entries, const LayerOptions& options);
  // The same for a layer that is a file as it is.
  static std::optional<Digest> key(const FileIdentity& file, const LayerOptions& options);

  // What the key came out as; where the blob is, the caller must see to.
  std::optional<LayerResult> find(const Digest& key) const;
  // Remembers it, unless one of the files that were read, as it was looked at before, is too young, or may be written.
  void put(const Digest& key, const std::deque<std::shared_ptr<const EntryBytes>>& read, const LayerResult& result);
  void put(const Digest& key, const FileIdentity& read, const LayerResult& result);

 private:
  std::shared_ptr<RecordCache> records_;
};

}  // namespace ociassemble
