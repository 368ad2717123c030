// SPDX-License-Identifier: Apache-2.0
#include "bases/file_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

#include "base/private_folder.hpp"
#include "ociassemble/error.hpp"
#include "store/directory_store.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

struct CachedFile {
  fs::path path;
  std::uint64_t size;
  fs::file_time_type used;
};

std::vector<CachedFile> cached_files(const fs::path& folder) {
  std::vector<CachedFile> files;
  std::error_code failure;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) {
    std::error_code gone;
    if (!at->is_regular_file(gone) || gone) continue;
    const auto size = at->file_size(gone);
    const auto used = at->last_write_time(gone);
    if (!gone) files.push_back({at->path(), size, used});
  }
  std::ranges::sort(files, {}, &CachedFile::used);
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
    const auto files = cached_files(folder_ / "blobs" / "sha256");
    std::uint64_t total = bytes;
    for (const auto& file : files) total += file.size;
    for (const auto& file : files) {
      if (total <= limit_) break;
      std::error_code ignored;
      fs::remove(file.path, ignored);
      total -= file.size;
    }
    return store_;
  } catch (...) {
    return nullptr;  // A full disk or a foreign folder costs time, not the image.
  }
}

}  // namespace ociassemble
