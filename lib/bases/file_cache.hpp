// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "ociassemble/blob_store.hpp"

namespace ociassemble {

// Files on disk by their digest, which can be fetched again. Bounded in bytes, least recently used out first; bytes are
// verified whenever they are read. Safe for concurrent use by threads and processes.
class FileCache {
 public:
  static constexpr std::uint64_t kDefaultLimit = std::uint64_t{1} << 30U;

  // Files live at FOLDER/blobs/sha256/HEX; the folders are made (0700) with the first.
  explicit FileCache(std::filesystem::path folder, std::uint64_t limit = kDefaultLimit);

  // Whether the file is there with its right bytes, all of which are read; it then counts as used now.
  bool holds(const Descriptor& file, const std::stop_token& stop) noexcept;
  std::unique_ptr<Source> open(const Descriptor& file) { return store_->open(file); }

  // Makes room for so many bytes and returns where to put them; null where they are more than the cache is for, or it
  // cannot be written.
  std::shared_ptr<BlobStore> make_room(std::uint64_t bytes) noexcept;

 private:
  std::filesystem::path folder_;
  std::uint64_t limit_;
  std::shared_ptr<BlobStore> store_;
};

}  // namespace ociassemble
