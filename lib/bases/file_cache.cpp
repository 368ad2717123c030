// SPDX-License-Identifier: Apache-2.0
#include "bases/file_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <system_error>
#include <utility>

#include "base/private_folder.hpp"
#include "ociassemble/error.hpp"
#include "store/directory_store.hpp"
#include "store/used_files.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

UsedFiles cached_files(const fs::path& folder) {
  UsedFiles files;
  std::error_code failure;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) files.add(*at);
  return files;
}

}  // namespace

FileCache::FileCache(fs::path folder, std::uint64_t limit)
    : folder_(std::move(folder)),
      limit_(limit),
      store_(std::make_shared<DirectoryStore>(folder_, Durability::unsynced)) {}

bool FileCache::holds(const Descriptor& file, const std::stop_token& stop) noexcept {
  try {
    if (!store_->contains(file) || !store_->holds(file, stop)) return false;
    if (const auto path = store_->file(file.digest)) ::utimensat(AT_FDCWD, path->c_str(), nullptr, 0);
    return true;
  } catch (...) {
    return false;
  }
}

std::shared_ptr<BlobStore> FileCache::make_room(std::uint64_t bytes) noexcept {
  try {
    if (bytes > limit_ / 2) return nullptr;
    make_private_folders(folder_ / "blobs" / "sha256");
    cached_files(folder_ / "blobs" / "sha256").remove_oldest(limit_ - bytes);
    return store_;
  } catch (...) {
    return nullptr;  // A full disk or a foreign folder costs time, not the image.
  }
}

}  // namespace ociassemble
