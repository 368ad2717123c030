// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/compression.hpp"
#include "ociassemble/io.hpp"

namespace ociassemble {

// Compresses what is written to it and writes the result to `to` (borrowed; written to from one thread at a time, not
// always the caller's). The bytes depend on the input, kind, level and codec version only: not on workers, nor on how
// the input is cut into writes. Errors of `to` and of workers are rethrown by write() or finish().
// Memory: at most 2 x workers + a few chunks of 1 MiB and their results.
std::unique_ptr<FinishingSink> make_compressor(const CompressionOptions& options, Sink& to);

// Decompresses by what the first bytes say: gzip (several members), zstd (several frames), xz, bzip2, or passes plain
// bytes through. Throws Error{corrupt} naming `subject` for damaged or truncated input and for trailing rubbish,
// Error{unsupported} for another compression.
// `notes`, where there are any, are borrowed as long as the source is read.
struct DecompressionNotes {
  bool has_padding = false;  // zeros follow the gzip data, which gzip(1) passes over and Go's readers refuse
};
std::unique_ptr<Source> make_decompressor(std::unique_ptr<Source> from, std::string subject,
                                          DecompressionNotes* notes = nullptr);

// Which of them it was; only for gzip, zstd and none is there a media type.
enum class DetectedCompression { none, gzip, zstd, xz, bzip2 };
// "none", "gzip", "zstd", "xz" or "bzip2".
std::string_view compression_name(DetectedCompression detected) noexcept;
DetectedCompression detect_compression(std::span<const std::byte> first_bytes) noexcept;
// Which of them a layer's media type can state; nothing for the others.
std::optional<Compression> media_compression(DetectedCompression detected) noexcept;

// Names and versions of what the layer digests depend on, our own encoder first: {"libdeflate", "1.14"}, …
std::vector<Codec> codec_versions();

}  // namespace ociassemble
