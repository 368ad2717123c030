// SPDX-License-Identifier: Apache-2.0
#include "image/layer_reader.hpp"

#include <fmt/format.h>

#include "base/stop.hpp"
#include "compress/codec.hpp"
#include "digest/hasher.hpp"
#include "ociassemble/error.hpp"
#include "tar/tar_reader.hpp"

namespace ociassemble {

std::uint64_t for_each_entry(const Layer& layer, const std::stop_token& stop,
                             const std::function<void(const ReadEntry&)>& use) {
  const auto subject = fmt::format("layer {}", layer.descriptor.digest.to_string());
  HashSource tar_bytes(make_decompressor(layer.blobs->open(layer.descriptor), subject), layer.diff_id.algorithm());
  TarReader tar(tar_bytes, subject);
  while (const auto entry = tar.next()) {
    throw_if_stopped(stop);
    use({*entry, tar.data(), tar_bytes.size()});
  }
  const auto diff_id = tar_bytes.finish();
  if (diff_id != layer.diff_id) throw DigestMismatch(subject, layer.diff_id.to_string(), diff_id.to_string());
  return tar_bytes.size();
}

}  // namespace ociassemble
