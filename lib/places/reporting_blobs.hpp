// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>

#include "ociassemble/blob_store.hpp"
#include "ociassemble/registry.hpp"

namespace ociassemble {

// Tells of each blob that is read from another reader how far it got; calls come one at a time. What is cloned or
// found where it should go is not read, and not told of. Its sources may outlive it.
class ReportingBlobs : public BlobReader {
 public:
  ReportingBlobs(std::shared_ptr<BlobReader> from, TransferProgress progress)
      : from_(std::move(from)), told_(std::make_shared<Told>(std::move(progress))) {}

  std::unique_ptr<Source> open(const Descriptor& descriptor) override;
  std::optional<std::filesystem::path> file(const Digest& digest) const override { return from_->file(digest); }
  std::optional<std::string> repository() const override { return from_->repository(); }

 private:
  struct Told {
    explicit Told(TransferProgress wanted) : progress(std::move(wanted)) {}
    void tell(const TransferEvent& event);

    std::mutex mutex;
    const TransferProgress progress;
  };
  class ReportingSource;

  const std::shared_ptr<BlobReader> from_;
  const std::shared_ptr<Told> told_;
};

}  // namespace ociassemble
