// SPDX-License-Identifier: Apache-2.0
#include "compare/compression_guess.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/stop.hpp"
#include "compare/causes.hpp"
#include "compress/codec.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kTriedInput = std::size_t{1} << 20U;  // a chunk of our gzip
constexpr std::size_t kHeadSize = kTriedInput + kTriedInput / 8;
constexpr int kHighestGzip = 12;
constexpr int kHighestZstd = 19;
constexpr std::size_t kGzipFlagsByte = 8;  // XFL of RFC 1952, 2.3.1
constexpr std::size_t kGzipSystemByte = 9;

// What the beginning of a layer's blob tells.
struct LayerHead {
  DetectedCompression detected = DetectedCompression::none;
  std::string blob;  // its first bytes
  std::string tar;   // what they say
  bool is_whole = false;
};

std::string read_up_to(Source& from, std::size_t size) {
  std::string bytes(size, '\0');
  bytes.resize(read_full(from, std::as_writable_bytes(std::span(bytes.data(), bytes.size()))));
  return bytes;
}

// Nothing where the blob cannot be had or read.
std::optional<LayerHead> read_head(const Layer& layer, const std::stop_token& stop) {
  try {
    LayerHead head;
    head.blob = read_up_to(*layer.blobs->open(layer.descriptor), kHeadSize);
    head.detected = detect_compression(as_bytes(head.blob));
    head.tar = read_up_to(*make_decompressor(layer.blobs->open(layer.descriptor), "layer"), kTriedInput + 1);
    head.is_whole = head.tar.size() <= kTriedInput;
    if (!head.is_whole) head.tar.resize(kTriedInput);
    return head;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::interrupted) throw;
    throw_if_stopped(stop);
    return {};
  }
}

bool made_by(const LayerHead& head, Compression kind, int level) {
  StringSink compressed;
  const auto compressor = make_compressor({.kind = kind, .level = level, .workers = 1}, compressed);
  compressor->write(as_bytes(head.tar));
  compressor->finish();
  const auto& bytes = compressed.bytes();
  if (head.is_whole) return bytes == head.blob;
  // The end of what was compressed alone is not that of the whole.
  const auto common = std::min(bytes.size(), head.blob.size()) / 2;
  return std::string_view(bytes).substr(0, common) == std::string_view(head.blob).substr(0, common);
}

// Finds the level of one image's layers, which is the same for most of them.
class LevelFinder {
 public:
  std::optional<int> level_of(const LayerHead& head, const std::stop_token& stop) {
    const auto kind = media_compression(head.detected);
    if (!kind || *kind == Compression::none) return {};
    if (last_ != 0 && kind == kind_ && made_by(head, *kind, last_)) return last_;
    if (has_failed_) return {};
    // 0 is the default.
    const int highest = *kind == Compression::gzip ? kHighestGzip : kHighestZstd;
    const int usual = codec_level(*kind);
    for (int i = 0; i <= highest; ++i) {
      throw_if_stopped(stop);
      const int level = i == 0 ? usual : i;
      if ((i != 0 && level == usual) || !made_by(head, *kind, level)) continue;
      kind_ = *kind;
      return last_ = level;
    }
    has_failed_ = true;
    return {};
  }

 private:
  static int codec_level(Compression kind) {
    const auto text = CompressionOptions{.kind = kind, .level = 0, .workers = 0}.to_string();
    return std::stoi(text.substr(text.find(':') + 1));
  }

  Compression kind_ = Compression::none;
  int last_ = 0;
  bool has_failed_ = false;
};

// Where the layers may not be read, their media types have to do.
std::string_view kind_of_type(const std::string& media_type) {
  if (media_type.ends_with("+zstd") || media_type.ends_with(".zstd")) return "zstd";
  if (media_type.ends_with("gzip")) return "gzip";
  return "none";
}

// What encoders write about their effort (RFC 1952: 2 the slowest, 4 the fastest).
std::string_view effort_of(const LayerHead& head) {
  if (head.detected != DetectedCompression::gzip || head.blob.size() <= kGzipSystemByte) return {};
  return head.blob[kGzipFlagsByte] == 2 ? "highest level" : head.blob[kGzipFlagsByte] == 4 ? "lowest level" : "";
}

struct Encoding {
  std::string kind;
  std::optional<int> level;  // of ours
  std::string effort;        // of another encoder
  char system = 0;

  std::string text() const {
    if (level) return fmt::format("{}:{}", kind, *level);
    return effort.empty() ? kind : fmt::format("{} ({})", kind, effort);
  }
};

// What was found of a layer: the same for several of an image, most of the time.
struct Recompression {
  CauseKind kind = CauseKind::compressor;
  std::string before;
  std::string after;
  bool is_certain = true;

  bool operator<(const Recompression& other) const {
    return std::tie(kind, before, after, is_certain) <
           std::tie(other.kind, other.before, other.after, other.is_certain);
  }
};

class CompressionCauses {
 public:
  CompressionCauses(const Image& before, const Image& after, const CompareOptions& options)
      : before_(before), after_(after), options_(options) {}

  Recompression compare(const LayerComparison& layer) {
    const auto left_head = head_of(*layer.before, before_);
    const auto right_head = head_of(*layer.after, after_);
    auto left = encoding(*layer.before, left_head);
    auto right = encoding(*layer.after, right_head);
    if (left.kind != right.kind) return {CauseKind::compressor, left.kind, right.kind, true};
    if (left_head) left.level = before_levels_.level_of(*left_head, options_.stop);
    if (right_head) right.level = after_levels_.level_of(*right_head, options_.stop);
    if (left.level && right.level && left.level != right.level)
      return {CauseKind::compression_level, left.text(), right.text(), true};
    if (!left.level && !right.level && left.system == right.system && left.effort != right.effort)
      return {CauseKind::compression_level, left.text(), right.text(), false};
    const auto of = [](const Encoding& side) {
      return side.level ? "ociassemble's " + side.text() : "another " + side.text();
    };
    const bool is_known = left.level.has_value() != right.level.has_value();
    return {CauseKind::compressor, of(left), of(right), is_known};
  }

 private:
  std::optional<LayerHead> head_of(const LayerSide& side, const Image& image) const {
    if (!options_.read_layers) return {};
    return read_head(image.layers().at(side.number - 1), options_.stop);
  }

  static Encoding encoding(const LayerSide& side, const std::optional<LayerHead>& head) {
    Encoding result{std::string(kind_of_type(side.descriptor.media_type)), {}, {}, 0};
    if (!head) return result;
    result.kind = compression_name(head->detected);
    result.effort = effort_of(*head);
    if (head->detected == DetectedCompression::gzip && head->blob.size() > kGzipSystemByte)
      result.system = head->blob[kGzipSystemByte];
    return result;
  }

  const Image& before_;
  const Image& after_;
  const CompareOptions& options_;
  LevelFinder before_levels_;
  LevelFinder after_levels_;
};

}  // namespace

void find_compression_causes(const std::vector<LayerComparison>& layers, const Image& before, const Image& after,
                             const CompareOptions& options, CauseList& causes) {
  CompressionCauses compression(before, after, options);
  std::map<Recompression, std::vector<CauseChange>> found;
  for (const auto& layer : layers) {
    if (layer.change != LayerChange::recompressed) continue;
    auto cause = compression.compare(layer);
    CauseChange change{fmt::format("layer {}", layer.after->number), cause.before, cause.after};
    found[std::move(cause)].push_back(std::move(change));
  }
  for (auto& [cause, changes] : found) causes.add(cause.kind, std::move(changes), {}, cause.is_certain);
}

}  // namespace ociassemble
