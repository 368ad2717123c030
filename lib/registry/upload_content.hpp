// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/unique_fd.hpp"
#include "ociassemble/blob_store.hpp"
#include "registry/listener.hpp"

namespace ociassemble {

// A blob's bytes on their way up, from any offset; tells the listener how far it got. One thread. Its sources borrow
// it, and only the latest may be read.
class UploadContent {
 public:
  UploadContent(Descriptor descriptor, std::shared_ptr<BlobReader> from, Listener& listener);

  const Descriptor& descriptor() const noexcept { return descriptor_; }
  const std::string& name() const noexcept { return name_; }
  // The whole, or what ends at the blob's end without a file behind it, is verified when it has been read.
  std::unique_ptr<Source> slice(std::uint64_t offset, std::uint64_t length);
  void tell(TransferEvent::Kind kind, std::uint64_t done) const;

 private:
  class Slice;
  std::size_t read(std::span<std::byte> buffer);
  void seek(std::uint64_t offset);

  const Descriptor descriptor_;
  const std::shared_ptr<BlobReader> from_;
  Listener& listener_;
  const std::string name_;
  std::unique_ptr<Source> source_;  // stands at position_
  std::uint64_t position_ = 0;
};

}  // namespace ociassemble
