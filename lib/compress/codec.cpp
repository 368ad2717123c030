// SPDX-License-Identifier: Apache-2.0
#include "compress/codec.hpp"

#include <libdeflate.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>

#include "base/usable_cores.hpp"
#include "compress/deflate_encoder.hpp"
#include "compress/gzip_compressor.hpp"
#include "compress/levels.hpp"
#include "compress/zstd_compressor.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMaxWorkers = 256;

class PassThrough : public FinishingSink {
 public:
  explicit PassThrough(Sink& to) : to_(to) {}
  void write(std::span<const std::byte> bytes) override { to_.write(bytes); }
  void finish() override {}

 private:
  Sink& to_;
};

std::size_t effective_workers(const CompressionOptions& options) {
  return std::min(options.workers == 0 ? usable_cores() : options.workers, kMaxWorkers);
}

}  // namespace

std::unique_ptr<FinishingSink> make_compressor(const CompressionOptions& options, Sink& to) {
  const int level = effective_level(options);
  switch (options.kind) {
    case Compression::gzip:
      return make_gzip_compressor(level, effective_workers(options), to);
    case Compression::zstd:
      return make_zstd_compressor(level, effective_workers(options), to);
    case Compression::none:
      break;
  }
  return std::make_unique<PassThrough>(to);
}

std::optional<Codec> codec_of(const CompressionOptions& options) {
  const int level = effective_level(options);
  switch (options.kind) {
    case Compression::gzip:
      if (level <= DeflateEncoder::kMaxLevel) return Codec{"ociassemble-deflate", DeflateEncoder::kVersion};
      return Codec{"libdeflate", LIBDEFLATE_VERSION_STRING};
    case Compression::zstd:
      return Codec{"zstd", ZSTD_versionString()};
    case Compression::none:
      break;
  }
  return {};
}

std::vector<Codec> codec_versions() {
  // libdeflate cannot be asked at run time.
  return {{"ociassemble-deflate", DeflateEncoder::kVersion},
          {"libdeflate", LIBDEFLATE_VERSION_STRING},
          {"zlib", zlibVersion()},
          {"zstd", ZSTD_versionString()}};
}

}  // namespace ociassemble
