// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ociassemble/blob_store.hpp"
#include "registry/registry_session.hpp"

namespace ociassemble {

// The blobs, manifests and indexes of one repository. A source that is cut off goes on where it was; it may outlive
// this object and the client.
class RegistryBlobs : public BlobReader {
 public:
  RegistryBlobs(std::shared_ptr<RegistrySession> session, std::string repository)
      : session_(std::move(session)), repository_(std::move(repository)) {}

  std::unique_ptr<Source> open(const Descriptor& descriptor) override;
  std::optional<std::string> repository() const override { return session_->registry() + "/" + repository_; }

 private:
  std::unique_ptr<Source> open_document(const Descriptor& descriptor);
  std::unique_ptr<Source> open_blob(const Descriptor& descriptor);
  std::unique_ptr<Source> open_elsewhere(const Descriptor& descriptor);

  const std::shared_ptr<RegistrySession> session_;
  const std::string repository_;
};

// "layer sha256:…", "config sha256:…": how messages and progress name a blob.
std::string blob_name(const Descriptor& descriptor);

}  // namespace ociassemble
