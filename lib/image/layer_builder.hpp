// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
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

// An entry of a layer that is to be made. `open` gives a regular file's bytes when their turn comes. `file` or
// `content` tells the bytes from others, for the layer cache; a regular file that has neither is never cached.
struct LayerEntry {
  TarEntry entry;
  std::function<std::unique_ptr<Source>()> open;
  std::shared_ptr<const FileIdentity> file;
  std::optional<Digest> content;
  // Set by what `open` gave when the file may change without another identity; null where there is no file.
  std::shared_ptr<std::atomic<bool>> may_be_written;
};

struct LayerOptions {
  ImageFormat format = ImageFormat::oci;
  CompressionOptions compression;
};

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
