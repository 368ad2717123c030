// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "compress/codec.hpp"
#include "compress/decoders.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLookAhead = 512;  // a tar header

bool is_bzip2(std::string_view bytes) {
  if (bytes.size() < 10 || !bytes.starts_with("BZh") || bytes[3] < '1' || bytes[3] > '9') return false;
  const auto block = bytes.substr(4, 6);
  return block == "\x31\x41\x59\x26\x53\x59"sv || block == "\x17\x72\x45\x38\x50\x90"sv;
}

bool is_zstd(std::string_view bytes) {
  if (bytes.starts_with("\x28\xB5\x2F\xFD"sv)) return true;
  // A skippable frame: 0x184D2A50 to 0x184D2A5F.
  return bytes.size() >= 4 && bytes.substr(1, 3) == "\x2A\x4D\x18"sv &&
         (static_cast<unsigned char>(bytes[0]) & 0xF0) == 0x50;
}

struct Signature {
  std::string_view bytes;
  std::string_view name;
};
constexpr std::array kUnsupported = {
    Signature{"\x1F\x9D"sv, "compress (.Z)"},
    Signature{"\x04\x22\x4D\x18"sv, "lz4"},
    Signature{"LZIP"sv, "lzip"},
    Signature{"\x89LZO"sv, "lzop"},
    Signature{"LRZI"sv, "lrzip"},
    Signature{"7z\xBC\xAF\x27\x1C"sv, "7-Zip"},
    Signature{"PK\x03\x04"sv, "zip"},
};

void refuse_unsupported(std::string_view first, const std::string& subject) {
  // Some signatures are text that a file's name might begin with.
  if (first.size() > 262 && first.substr(257, 5) == "ustar") return;
  for (const auto& signature : kUnsupported) {
    if (first.starts_with(signature.bytes)) {
      throw Error(ErrorCode::unsupported, fmt::format("cannot decompress {}: it is {} data", subject, signature.name),
                  "use a plain tar, or one compressed with gzip, zstd, xz or bzip2");
    }
  }
}

}  // namespace

void throw_damaged(const std::string& subject, const std::string& cause) {
  throw Error(ErrorCode::corrupt, fmt::format("cannot decompress {}: {}", subject, cause));
}

std::optional<Compression> media_compression(DetectedCompression detected) noexcept {
  switch (detected) {
    case DetectedCompression::none:
      return Compression::none;
    case DetectedCompression::gzip:
      return Compression::gzip;
    case DetectedCompression::zstd:
      return Compression::zstd;
    case DetectedCompression::xz:
    case DetectedCompression::bzip2:
      break;
  }
  return {};
}

std::string_view compression_name(DetectedCompression detected) noexcept {
  switch (detected) {
    case DetectedCompression::none:
      return "none";
    case DetectedCompression::gzip:
      return "gzip";
    case DetectedCompression::zstd:
      return "zstd";
    case DetectedCompression::xz:
      return "xz";
    case DetectedCompression::bzip2:
      return "bzip2";
  }
  return {};
}

DetectedCompression detect_compression(std::span<const std::byte> first_bytes) noexcept {
  const auto bytes = as_text(first_bytes);
  if (bytes.starts_with("\x1F\x8B"sv)) return DetectedCompression::gzip;
  if (is_zstd(bytes)) return DetectedCompression::zstd;
  if (bytes.starts_with("\xFD\x37zXZ\0"sv)) return DetectedCompression::xz;
  if (is_bzip2(bytes)) return DetectedCompression::bzip2;
  return DetectedCompression::none;
}

std::unique_ptr<Source> make_decompressor(std::unique_ptr<Source> from, std::string subject,
                                          DecompressionNotes* notes) {
  auto whole = std::make_unique<PeekedSource>(std::move(from), kLookAhead);
  const auto kind = detect_compression(whole->head());
  if (kind == DetectedCompression::none) refuse_unsupported(as_text(whole->head()), subject);
  switch (kind) {
    case DetectedCompression::gzip:
      return make_gzip_source(std::move(whole), std::move(subject), notes);
    case DetectedCompression::zstd:
      return make_zstd_source(std::move(whole), std::move(subject));
    case DetectedCompression::xz:
    case DetectedCompression::bzip2:
      return make_archive_source(std::move(whole), std::move(subject), kind);
    case DetectedCompression::none:
      break;
  }
  return whole;
}

}  // namespace ociassemble
