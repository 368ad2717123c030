// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ociassemble/compression_kind.hpp"
#include "ociassemble/export.hpp"

namespace ociassemble {

// How a layer's bytes are made. Kind and level decide the bytes; workers never do.
struct OCIASSEMBLE_EXPORT CompressionOptions {
  Compression kind = Compression::gzip;
  int level = 0;            // gzip 1…12, zstd 1…19; 0 means the default of the kind
  std::size_t workers = 0;  // threads that compress; 0 means the cores that the process may use

  // "gzip", "gzip:6", "zstd:3", "none". Throws Error{invalid_argument}.
  static CompressionOptions parse(std::string_view text);
  // With the level spelled out: "gzip:6".
  std::string to_string() const;

  bool operator==(const CompressionOptions&) const = default;
};

// A compressor and its version: what compressed bytes depend on besides kind, level and input.
struct Codec {
  std::string name;  // "ociassemble-deflate", "libdeflate", "zstd"
  std::string version;

  bool operator==(const Codec&) const = default;
};

// The codec of this build that makes such bytes; nothing for Compression::none.
OCIASSEMBLE_EXPORT std::optional<Codec> codec_of(const CompressionOptions& options);

}  // namespace ociassemble
