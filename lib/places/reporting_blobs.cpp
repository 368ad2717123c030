// SPDX-License-Identifier: Apache-2.0
#include "places/reporting_blobs.hpp"

#include <utility>

#include "ociassemble/media_type.hpp"
#include "registry/blob_reader.hpp"

namespace ociassemble {
class ReportingBlobs::ReportingSource : public Source {
 public:
  ReportingSource(std::unique_ptr<Source> from, std::shared_ptr<Told> told, const Descriptor& descriptor)
      : from_(std::move(from)), told_(std::move(told)), subject_(blob_name(descriptor)), total_(descriptor.size) {
    told_->tell({TransferEvent::Kind::started, subject_, 0, total_});
  }

  std::size_t read(std::span<std::byte> buffer) override {
    const auto count = from_->read(buffer);
    done_ += count;
    const auto kind = count == 0 ? TransferEvent::Kind::received : TransferEvent::Kind::progressed;
    if (!ended_) told_->tell({kind, subject_, done_, total_});
    ended_ = count == 0;
    return count;
  }

 private:
  const std::unique_ptr<Source> from_;
  const std::shared_ptr<Told> told_;
  const std::string subject_;
  const std::uint64_t total_;
  std::uint64_t done_ = 0;
  bool ended_ = false;
};

void ReportingBlobs::Told::tell(const TransferEvent& event) {
  const std::lock_guard lock(mutex);
  progress(event);
}

std::unique_ptr<Source> ReportingBlobs::open(const Descriptor& descriptor) {
  auto source = from_->open(descriptor);
  if (is_manifest_type(descriptor.media_type) || is_index_type(descriptor.media_type)) return source;
  return std::make_unique<ReportingSource>(std::move(source), told_, descriptor);
}

}  // namespace ociassemble
