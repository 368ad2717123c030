// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/file_identity.hpp"
#include "ociassemble/compression.hpp"
#include "ociassemble/image.hpp"
#include "tar/entry.hpp"

namespace ociassemble {

// The bytes of a regular file that goes into a layer. One thread at a time.
class EntryBytes {
 public:
  EntryBytes() = default;
  EntryBytes(const EntryBytes&) = delete;
  EntryBytes& operator=(const EntryBytes&) = delete;
  virtual ~EntryBytes() = default;

  // When their turn comes.
  virtual std::unique_ptr<Source> open() const = 0;
  // What tells them from others, for the layer cache; an entry whose bytes have neither is never cached. Nothing, and
  // null, where there is none.
  virtual std::optional<FileIdentity> file() const { return {}; }
  virtual const Digest* digest() const noexcept { return nullptr; }
  // Whether what `open` gave may change without another identity.
  virtual bool may_be_written() const noexcept { return false; }
};

// Bytes that `open` gives, whenever it is asked; with a digest they are known by it.
std::shared_ptr<const EntryBytes> entry_bytes(std::function<std::unique_ptr<Source>()> open,
                                              std::optional<Digest> digest = {});

// An entry of a layer that is to be made. One of a regular file has bytes.
struct LayerEntry {
  TarEntry entry;
  std::shared_ptr<const EntryBytes> bytes;
};

struct LayerOptions {
  ImageFormat format = ImageFormat::oci;
  CompressionOptions compression;
};

// Puts those that are at `order`'s positions, each once, one after the other; in the memory that they have.
void put_in_order(std::vector<LayerEntry>& entries, std::vector<std::size_t> order);

// Into the order of a layer. Throws Error{invalid_argument} for entries with the same path.
void sort_entries(std::vector<LayerEntry>& entries);

// Sorts the entries and writes them as one layer into the store, in one pass: tar, diff ID, compression on all workers,
// digest, file. Throws Error{invalid_argument} for entries with the same path, and what reading, writing and the store
// throw; the store then has nothing new. The blob's bytes also go to `also_to`, where it is not null.
Layer build_layer(std::vector<LayerEntry> entries, const LayerOptions& options, const std::shared_ptr<BlobStore>& store,
                  const std::stop_token& stop, Sink* also_to = nullptr);

// A layer from tar bytes that somebody else made, in the compression that is asked for; the tar's bytes stay as they
// are. `read` is given the bytes on their way, must read them to the end, and may throw: the store then has nothing
// new.
Layer build_layer_from_tar(Source& tar, const LayerOptions& options, const std::shared_ptr<BlobStore>& store,
                           const std::function<void(Source&)>& read, const std::stop_token& stop);

}  // namespace ociassemble
