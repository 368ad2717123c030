// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>

#include "base/atomic_file.hpp"
#include "base/guarded.hpp"
#include "ociassemble/blob_store.hpp"

namespace ociassemble {

// What a store's writers, which may outlive it, have committed.
using BroughtBlobs = Guarded<std::set<Digest>>;

// See open_directory_store(). Its sources may outlive it.
class DirectoryStore : public BlobStore {
 public:
  // `prepare` is called when the first blob is about to be written, once the folder is there.
  explicit DirectoryStore(std::filesystem::path folder, Durability durability = Durability::synced,
                          std::function<void()> prepare = {});

  std::unique_ptr<Source> open(const Descriptor& descriptor) override;
  std::optional<std::filesystem::path> file(const Digest& digest) const override;
  bool brought(const Digest& digest) const override;
  std::unique_ptr<BlobWriter> begin() override;
  std::optional<std::uint64_t> size(const Digest& digest) const override;

  // Takes the blob from a file by the file system's own means: shared blocks (FICLONE), else a copy that it makes
  // itself (copy_file_range, for a file server one without the network). False, and nothing done, where it has neither.
  // The bytes are verified as they lie in this store: throws as BlobWriter::commit.
  bool clone(const std::filesystem::path& file, const Descriptor& descriptor, const std::stop_token& stop);
  // Gives a file of right bytes, flushed, that nobody else keeps (StagedStore), its name in this store. False, and
  // nothing done, where it lies on another file system or something has the name.
  bool adopt(const std::filesystem::path& file, const Descriptor& descriptor);

 private:
  void make_ready();

  std::filesystem::path folder_;
  Durability durability_;
  std::function<void()> prepare_;
  std::once_flag ready_;
  std::shared_ptr<BroughtBlobs> brought_ = std::make_shared<BroughtBlobs>();
};

}  // namespace ociassemble
