// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/atomic_file.hpp"
#include "ociassemble/blob_store.hpp"
#include "store/directory_store.hpp"

namespace ociassemble {

// Blobs that may never get into the store that they are for: what is written lies in a private temporary folder, and
// what the store has is found there. copy_blob() into the store costs nothing where both are on one file system.
class StagedStore : public BlobStore {
 public:
  // `parent` as for make_temporary_store().
  StagedStore(std::shared_ptr<BlobStore> target, const std::filesystem::path& parent);

  std::unique_ptr<Source> open(const Descriptor& descriptor) override;
  std::optional<std::filesystem::path> file(const Digest& digest) const override;
  bool brought(const Digest& digest) const override { return staged_.brought(digest); }
  std::unique_ptr<BlobWriter> begin() override { return staged_.begin(); }
  std::optional<std::uint64_t> size(const Digest& digest) const override;

  // The file of a blob that was written here, flushed; nobody but this store knows of it.
  std::optional<std::filesystem::path> own_file(const Digest& digest) const;

 private:
  std::shared_ptr<BlobStore> target_;
  TemporaryFolder folder_;
  DirectoryStore staged_;
};

// In $TMPDIR or /var/tmp.
std::shared_ptr<BlobStore> make_staged_store(std::shared_ptr<BlobStore> target);

}  // namespace ociassemble
