// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/stop.hpp"
#include "compress/codec.hpp"
#include "digest/hasher.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "tar/tar_reader.hpp"

namespace ociassemble {
namespace {

constexpr int kMaxNesting = 4;

class Verifier {
 public:
  Verifier(BlobReader& blobs, std::stop_token stop) : blobs_(blobs), stop_(std::move(stop)) {}

  VerifyReport run(const Document& root) {
    guard("the index", [&] { document(root.json, root.descriptor.media_type, 0); });
    return std::move(report_);
  }

 private:
  void document(std::string_view json, std::string_view type, int depth) {
    throw_if_stopped(stop_);
    if (document_kind(json, type) == DocumentKind::manifest) return manifest(Manifest::parse(json, type));
    if (depth >= kMaxNesting) throw Error(ErrorCode::corrupt, "indexes are nested too deeply");
    for (const auto& child : Index::parse(json, type).manifests) {
      if (!seen_.insert(child.digest).second) continue;
      guard(fmt::format("manifest {}", child.digest.to_string()), [&] {
        const auto bytes = BlobStore::read(blobs_, child, kMaxManifestSize);
        report_.bytes += bytes.size();
        document(bytes, child.media_type, depth + 1);
      });
    }
  }

  void manifest(const Manifest& manifest) {
    ++report_.manifests;
    check_families(manifest);
    std::vector<std::optional<Digest>> diff_ids;
    for (const auto& layer : manifest.layers) {
      if (is_layer_type(layer.media_type)) diff_ids.push_back(layer_diff_id(layer));
    }
    if (manifest.config.media_type != config_type(manifest.format)) return;  // an artifact, no image
    guard(fmt::format("config {}", manifest.config.digest.to_string()), [&] {
      const auto bytes = BlobStore::read(blobs_, manifest.config, kMaxConfigSize);
      report_.bytes += bytes.size();
      check_config(ImageConfig::parse(bytes), manifest, diff_ids);
    });
  }

  void check_families(const Manifest& manifest) {
    for (const auto& layer : manifest.layers) {
      if (is_layer_type(layer.media_type) &&
          convert_media_type(layer.media_type, manifest.format) != layer.media_type) {
        problem(fmt::format("layer {} has the media type {}, of another family than its manifest's",
                            layer.digest.to_string(), layer.media_type));
      }
    }
  }

  void check_config(const ImageConfig& config, const Manifest& manifest,
                    const std::vector<std::optional<Digest>>& diff_ids) {
    const auto name = manifest.config.digest.to_string();
    if (config.diff_ids.size() != manifest.layers.size()) {
      problem(
          fmt::format("config {} has {} diff IDs for {} layers", name, config.diff_ids.size(), manifest.layers.size()));
    }
    for (std::size_t i = 0; i < std::min(diff_ids.size(), config.diff_ids.size()); ++i) {
      if (diff_ids[i] && *diff_ids[i] != config.diff_ids[i]) {
        problem(fmt::format("layer {} has the diff ID {}, and the config says {}",
                            manifest.layers[i].digest.to_string(), diff_ids[i]->to_string(),
                            config.diff_ids[i].to_string()));
      }
    }
    const auto filled = std::count_if(config.history.begin(), config.history.end(),
                                      [](const HistoryEntry& entry) { return !entry.empty_layer; });
    if (!config.history.empty() && static_cast<std::size_t>(filled) != manifest.layers.size()) {
      problem(fmt::format("config {} has a history of {} layers for {}", name, filled, manifest.layers.size()));
    }
  }

  // Reads the layer once: its digest and size, its compression, its tar, its diff ID. Nothing when it cannot be read.
  std::optional<Digest> layer_diff_id(const Descriptor& layer) {
    if (is_foreign_layer_type(layer.media_type)) return {};
    const auto [known, is_new] = diff_ids_.try_emplace(layer.digest);
    if (!is_new) return known->second;
    auto& diff_id = known->second;
    guard(fmt::format("layer {}", layer.digest.to_string()), [&] { diff_id = read_layer(layer); });
    return diff_id;
  }

  Digest read_layer(const Descriptor& layer) {
    const auto subject = fmt::format("layer {}", layer.digest.to_string());
    ++report_.layers;
    auto blob = std::make_unique<PeekedSource>(blobs_.open(layer));
    check_compression(layer, detect_compression(blob->head()));
    HashSource tar_bytes(make_decompressor(std::move(blob), subject));
    TarReader tar(tar_bytes, subject);
    while (tar.next()) throw_if_stopped(stop_);
    report_.bytes += layer.size;
    return tar_bytes.finish();
  }

  void check_compression(const Descriptor& layer, DetectedCompression detected) {
    const auto stated = layer_compression(layer.media_type);
    const bool right = (stated == Compression::none && detected == DetectedCompression::none) ||
                       (stated == Compression::gzip && detected == DetectedCompression::gzip) ||
                       (stated == Compression::zstd && detected == DetectedCompression::zstd);
    if (!right) {
      problem(fmt::format("layer {} is not compressed as its media type {} says", layer.digest.to_string(),
                          layer.media_type));
    }
  }

  // What is wrong with one thing must not hide what is wrong with the next.
  template <class Work>
  void guard(const std::string& subject, Work&& work) {
    try {
      work();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::not_found &&
          error.code() != ErrorCode::unsupported && error.code() != ErrorCode::invalid_argument) {
        throw;
      }
      problem(fmt::format("{}: {}", subject, error.what()));
    }
  }

  void problem(std::string text) { report_.problems.push_back(std::move(text)); }

  BlobReader& blobs_;
  std::stop_token stop_;
  VerifyReport report_;
  std::set<Digest> seen_;
  std::map<Digest, std::optional<Digest>> diff_ids_;
};

}  // namespace

VerifyReport verify(const Document& root, const std::stop_token& stop) { return Verifier(*root.blobs, stop).run(root); }

}  // namespace ociassemble
