// SPDX-License-Identifier: Apache-2.0
#include "registry/upload_content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "registry/blob_reader.hpp"

namespace ociassemble {

class UploadContent::Slice : public Source {
 public:
  Slice(UploadContent& content, std::uint64_t offset, std::uint64_t length)
      : content_(content), offset_(offset), left_(length) {}

  std::size_t read(std::span<std::byte> buffer) override {
    if (!placed_) content_.seek(offset_);
    placed_ = true;
    if (left_ == 0) return at_end();
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_));
    const auto count = content_.read(buffer.first(wanted));
    left_ -= count;
    return count;
  }

 private:
  // At the blob's own end the verifying source below has the last word.
  std::size_t at_end() {
    if (content_.position_ < content_.descriptor_.size) return 0;
    std::byte extra{};
    return content_.read(std::span(&extra, 1));
  }

  UploadContent& content_;
  const std::uint64_t offset_;
  std::uint64_t left_;
  bool placed_ = false;
};

UploadContent::UploadContent(Descriptor descriptor, std::shared_ptr<BlobReader> from, Listener& listener)
    : descriptor_(std::move(descriptor)), from_(std::move(from)), listener_(listener), name_(blob_name(descriptor_)) {}

std::unique_ptr<Source> UploadContent::slice(std::uint64_t offset, std::uint64_t length) {
  return std::make_unique<Slice>(*this, offset, length);
}

void UploadContent::tell(TransferEvent::Kind kind, std::uint64_t done) const {
  listener_.progress({kind, name_, done, descriptor_.size});
}

std::size_t UploadContent::read(std::span<std::byte> buffer) {
  const auto count = source_->read(buffer);
  position_ += count;
  if (count != 0) tell(TransferEvent::Kind::progressed, position_);
  return count;
}

void UploadContent::seek(std::uint64_t offset) {
  if (source_ && position_ == offset && offset != 0) return;
  source_.reset();
  position_ = 0;
  const auto file = offset == 0 ? std::nullopt : from_->file(descriptor_.digest);
  if (file) {
    // Not verified here: part of it is with the registry already, which checks the digest of the whole.
    source_ = std::make_unique<FileSliceSource>(std::make_shared<const UniqueFd>(open_for_reading(*file)), offset,
                                                descriptor_.size - offset, file->string());
    position_ = offset;
    return;
  }
  source_ = from_->open(descriptor_);
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(offset, kCopyBufferSize)));
  while (position_ < offset) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), offset - position_));
    const auto count = source_->read(std::span(buffer).first(wanted));
    if (count == 0) throw Error(ErrorCode::corrupt, fmt::format("cannot send {}: it ends early", name_));
    position_ += count;
  }
}

}  // namespace ociassemble
