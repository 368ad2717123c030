// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/guarded.hpp"
#include "ociassemble/blob_store.hpp"
#include "registry/blob_upload.hpp"
#include "registry/known_blobs.hpp"
#include "registry/push_ahead.hpp"
#include "registry/registry_session.hpp"

namespace ociassemble {

// Brings blobs into one repository with as few bytes as it takes. Safe for concurrent use, for different blobs.
class Uploader {
 public:
  // `ahead` may be null.
  Uploader(std::shared_ptr<RegistrySession> session, std::string repository, std::shared_ptr<KnownBlobs> known,
           std::shared_ptr<PushAhead> ahead = {}, const UploadLimits& limits = {})
      : session_(std::move(session)),
        repository_(std::move(repository)),
        known_(std::move(known)),
        ahead_(std::move(ahead)),
        limits_(limits) {}

  // Whether the registry is asked for a blob before it is sent.
  enum class Ask { first, never };

  // Sees to it that the blob is there: it is already, or is mounted from a repository of the same registry, or is sent.
  // Returns whether the repository lacked it.
  bool upload(const Descriptor& descriptor, const std::shared_ptr<BlobReader>& from, const std::stop_token& stop,
              Ask ask = Ask::first);
  // What upload() would do, without a request that writes. A mount may still be refused, and become an upload.
  PlannedStep plan(const Descriptor& descriptor, const std::shared_ptr<BlobReader>& from, const std::stop_token& stop,
                   Ask ask = Ask::first) const;

  // Whether upload() would send a blob that the repository lacks, and not mount it.
  bool would_send(const Descriptor& descriptor, const BlobReader& from) const;

 private:
  bool is_known(const Descriptor& descriptor, const BlobReader& from) const;
  bool is_there_already(const Descriptor& descriptor, const std::stop_token& stop) const;
  bool is_there(const Descriptor& descriptor, const std::stop_token& stop) const;
  std::optional<std::string> mount_source(const Descriptor& descriptor, const BlobReader& from) const;
  std::optional<RegistryAnswer> try_mount(const UploadContent& content, const std::string& source,
                                          const std::stop_token& stop);

  const std::shared_ptr<RegistrySession> session_;
  const std::string repository_;
  const std::shared_ptr<KnownBlobs> known_;
  const std::shared_ptr<PushAhead> ahead_;
  const UploadLimits limits_;
};

}  // namespace ociassemble
