// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "layout/archive_files.hpp"
#include "ociassemble/document.hpp"

namespace ociassemble {

// The blobs of a layout in an archive. Its sources may outlive it.
class ArchiveBlobs : public BlobReader {
 public:
  explicit ArchiveBlobs(ArchiveFiles files) : files_(std::move(files)) {}

  std::unique_ptr<Source> open(const Descriptor& descriptor) override;

 private:
  ArchiveFiles files_;
};

// The entry of that name in the archive's index.json. Throws as open_oci_archive().
Document open_layout_in(const ArchiveFiles& files, const std::optional<std::string>& name);

}  // namespace ociassemble
