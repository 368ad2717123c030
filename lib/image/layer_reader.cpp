// SPDX-License-Identifier: Apache-2.0
#include "image/layer_reader.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

#include "base/stop.hpp"
#include "compress/codec.hpp"
#include "digest/hasher.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "tar/tar_reader.hpp"

namespace ociassemble {
namespace {

// Of a blob that is the tar itself, and was verified by its own digest when it has been read to its end.
class CountingSource : public Source {
 public:
  explicit CountingSource(Source& from) : from_(from) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const auto count = from_.read(buffer);
    size_ += count;
    return count;
  }
  std::uint64_t size() const noexcept { return size_; }

 private:
  Source& from_;
  std::uint64_t size_ = 0;
};

// To the end of the bytes, beyond that of the archive.
template <class TarBytes>
void read_entries(TarBytes& tar_bytes, const std::string& subject, const std::stop_token& stop,
                  const std::function<void(const ReadEntry&)>& use) {
  TarReader tar(tar_bytes, subject);
  while (const auto entry = tar.next()) {
    throw_if_stopped(stop);
    use({*entry, tar.data(), tar_bytes.size()});
  }
}

}  // namespace

std::uint64_t for_each_entry(const Layer& layer, const std::stop_token& stop,
                             const std::function<void(const ReadEntry&)>& use) {
  const auto subject = fmt::format("layer {}", layer.descriptor.digest.to_string());
  auto blob = std::make_unique<PeekedSource>(layer.blobs->open(layer.descriptor));
  if (layer.descriptor.digest == layer.diff_id && detect_compression(blob->head()) == DetectedCompression::none) {
    CountingSource tar_bytes(*blob);
    read_entries(tar_bytes, subject, stop, use);
    return tar_bytes.size();
  }
  HashSource tar_bytes(make_decompressor(std::move(blob), subject), layer.diff_id.algorithm());
  read_entries(tar_bytes, subject, stop, use);
  const auto diff_id = tar_bytes.finish();
  if (diff_id != layer.diff_id) throw DigestMismatch(subject, layer.diff_id.to_string(), diff_id.to_string());
  return tar_bytes.size();
}

}  // namespace ociassemble
