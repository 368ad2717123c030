// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "ociassemble/document.hpp"
#include "ociassemble/lock.hpp"

namespace ociassemble {

// Documents by digest, verified when they are read; everything else is asked of another reader.
class LockedBlobs : public BlobReader {
 public:
  // `beyond` may be null: then there is nothing else.
  LockedBlobs(std::map<Digest, std::string> documents, std::shared_ptr<BlobReader> beyond)
      : documents_(std::move(documents)), beyond_(std::move(beyond)) {}

  std::unique_ptr<Source> open(const Descriptor& descriptor) override;
  std::optional<std::string> repository() const override;

 private:
  const std::map<Digest, std::string> documents_;
  const std::shared_ptr<BlobReader> beyond_;
};

// Hands on what another reader has, and remembers the documents among it.
class RecordingBlobs : public BlobReader {
 public:
  explicit RecordingBlobs(std::shared_ptr<BlobReader> from) : from_(std::move(from)) {}

  std::unique_ptr<Source> open(const Descriptor& descriptor) override;
  std::optional<std::string> repository() const override { return from_->repository(); }
  // Not while another thread reads.
  const std::map<Digest, std::string>& documents() const noexcept { return documents_; }

 private:
  const std::shared_ptr<BlobReader> from_;
  std::map<Digest, std::string> documents_;
};

// The locked base as a document, its layers in the registry: nothing is asked for before somebody reads one. A platform
// that is not locked is read from the registry, too, or Error{check_failed} where the lock is required.
Document locked_document(const LockedBase& locked, const Reference& base, LockUse use, const Workplace& workplace);
// The same without a registry: what is not in the lock is Error{not_found}.
Document locked_document(const LockedBase& locked);

}  // namespace ociassemble
