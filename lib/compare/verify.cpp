// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "base/shared_library.hpp"
#include "base/stop.hpp"
#include "base/text.hpp"
#include "compress/codec.hpp"
#include "digest/hasher.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "tar/tar_audit.hpp"
#include "tar/tar_path.hpp"
#include "tar/tar_reader.hpp"

namespace ociassemble {
namespace {

constexpr int kMaxNesting = 4;

class Verifier {
 public:
  Verifier(BlobReader& blobs, std::stop_token stop) : blobs_(blobs), stop_(std::move(stop)) {}

  VerifyReport run(const Document& root) {
    guard("the index", [&] { document(root.json, root.descriptor, 0); });
    // Nothing bad was found, and not all was looked at.
    if (report_.problems.empty() && !unreadable_.empty()) {
      throw Error(ErrorCode::unsupported,
                  fmt::format("cannot verify {}: its digest is of an algorithm that is not supported", unreadable_));
    }
    return std::move(report_);
  }

 private:
  void document(std::string_view json, const Descriptor& descriptor, int depth) {
    throw_if_stopped(stop_);
    if (document_kind(json, descriptor.media_type) == DocumentKind::manifest) {
      return manifest(Manifest::parse(json, descriptor.media_type), descriptor, depth);
    }
    if (depth >= kMaxNesting) throw Error(ErrorCode::corrupt, "indexes are nested too deeply");
    const auto index = Index::parse(json, descriptor.media_type);
    for (const auto& child : index.manifests) child_document(child, "manifest", depth);
    for (const auto& entry : index.unreadable) unreadable_ = printable(entry.digest);
    if (index.subject) subject(*index.subject, depth);
  }

  // What an index names: a document, or a blob of a kind of its own.
  void child_document(const Descriptor& child, std::string_view what, int depth) {
    const auto name = fmt::format("{} {}", what, child.digest.to_string());
    if (!is_manifest_type(child.media_type) && !is_index_type(child.media_type)) {
      problem(fmt::format("{} has the media type {}, which is neither a manifest's nor an index's", name,
                          printable(child.media_type)));
      return read_blob(child, what);
    }
    // Each way of naming it: another may say another size, type or platform.
    if (!documents_.insert({child.digest, child.size, child.media_type, platform_of(child)}).second) return;
    guard(name, [&] {
      const auto bytes = BlobStore::read(blobs_, child, kMaxManifestSize);
      if (counted_.insert(child.digest).second) report_.bytes += bytes.size();
      document(bytes, child, depth + 1);
    });
  }

  static std::string platform_of(const Descriptor& descriptor) {
    return descriptor.platform ? descriptor.platform->to_string() : std::string();
  }

  // OCI image specification, manifest.md: what a manifest refers to may be elsewhere.
  void subject(const Descriptor& descriptor, int depth) {
    if (depth >= kMaxNesting || !is_there(descriptor)) return;
    child_document(descriptor, "subject", depth);
  }

  bool is_there(const Descriptor& descriptor) {
    try {
      blobs_.open(descriptor);
      return true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::not_found) throw;
      return false;
    }
  }

  void manifest(const Manifest& manifest, const Descriptor& descriptor, int depth) {
    if (manifests_.insert(descriptor.digest).second) ++report_.manifests;
    const bool is_image = manifest.config.media_type == config_type(manifest.format);
    std::optional<ImageConfig> config;
    if (is_image) {
      guard(fmt::format("config {}", manifest.config.digest.to_string()), [&] {
        const auto bytes = BlobStore::read(blobs_, manifest.config, kMaxConfigSize);
        if (counted_.insert(manifest.config.digest).second) report_.bytes += bytes.size();
        config = ImageConfig::parse(bytes);
        check_config(*config, manifest, descriptor);
      });
      check_families(manifest);
    } else {
      check_artifact(manifest);
      read_blob(manifest.config, "config");
    }
    for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
      const bool has_diff_id = config && i < config->diff_ids.size();
      layer(manifest.layers[i], is_image, has_diff_id ? &config->diff_ids[i] : nullptr);
    }
    if (manifest.subject) subject(*manifest.subject, depth);
  }

  // An image whose config was given another type is no artifact.
  void check_artifact(const Manifest& manifest) {
    const auto is_layer = [](const Descriptor& layer) { return is_layer_type(layer.media_type); };
    if (manifest.artifact_type.empty() && !manifest.layers.empty() &&
        std::all_of(manifest.layers.begin(), manifest.layers.end(), is_layer)) {
      problem(fmt::format("config {} has the media type {}, and all layers are an image's",
                          manifest.config.digest.to_string(), printable(manifest.config.media_type)));
    }
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

  void check_config(const ImageConfig& config, const Manifest& manifest, const Descriptor& descriptor) {
    const auto name = manifest.config.digest.to_string();
    if (config.platform.os.empty()) problem(fmt::format("config {} does not say its operating system", name));
    if (config.platform.architecture.empty()) problem(fmt::format("config {} does not say its architecture", name));
    if (descriptor.platform && !descriptor.platform->os.empty() && !config.platform.os.empty() &&
        !descriptor.platform->matches(config.platform)) {
      problem(fmt::format("config {} is of {}, and the index says {}", name, config.platform.to_string(),
                          descriptor.platform->to_string()));
    }
    if (config.diff_ids.size() != manifest.layers.size()) {
      problem(
          fmt::format("config {} has {} diff IDs for {} layers", name, config.diff_ids.size(), manifest.layers.size()));
    }
    const auto filled = std::count_if(config.history.begin(), config.history.end(),
                                      [](const HistoryEntry& entry) { return !entry.empty_layer; });
    if (!config.history.empty() && static_cast<std::size_t>(filled) != manifest.layers.size()) {
      problem(fmt::format("config {} has a history of {} layers for {}", name, filled, manifest.layers.size()));
    }
  }

  void layer(const Descriptor& layer, bool is_of_image, const Digest* diff_id) {
    if (!is_layer_type(layer.media_type)) {
      read_blob(layer, "layer");
      if (is_of_image) {
        problem(fmt::format("layer {} has the media type {}, so that its diff ID cannot be checked",
                            layer.digest.to_string(), printable(layer.media_type)));
      }
      return;
    }
    // Registries need not hold it; who has it all the same is checked.
    if (is_foreign_layer_type(layer.media_type) && !is_there(layer)) return;
    guard(fmt::format("layer {}", layer.digest.to_string()), [&] {
      const auto actual = diff_id_of(layer, diff_id == nullptr ? Digest::Algorithm::sha256 : diff_id->algorithm());
      if (diff_id == nullptr || !actual || *actual == *diff_id) return;
      problem(fmt::format("layer {} has the diff ID {}, and the config says {}", layer.digest.to_string(),
                          actual->to_string(), diff_id->to_string()));
    });
  }

  // Read once for each way of naming the blob and each algorithm; nothing for what could not be read before.
  std::optional<Digest> diff_id_of(const Descriptor& layer, Digest::Algorithm algorithm) {
    const auto [known, is_new] = layers_.try_emplace(std::tuple(layer.digest, layer.size, layer.media_type, algorithm));
    if (is_new) known->second = read_layer(layer, algorithm);
    return known->second;
  }

  Digest read_layer(const Descriptor& layer, Digest::Algorithm algorithm) {
    const auto subject = fmt::format("layer {}", layer.digest.to_string());
    const bool is_first = counted_.insert(layer.digest).second;
    if (is_first) ++report_.layers;
    auto blob = std::make_unique<PeekedSource>(blobs_.open(layer));
    check_compression(layer, detect_compression(blob->head()));
    HashSource tar_bytes(make_decompressor(std::move(blob), subject), algorithm);
    TarAudit audit;
    TeeSource audited(tar_bytes, audit);
    TarReader tar(audited, subject);
    while (tar.next()) throw_if_stopped(stop_);
    if (is_first) report_.bytes += layer.size;
    report(subject, audit);
    return tar_bytes.finish();
  }

  void report(const std::string& subject, const TarAudit& audit) {
    for (const auto& finding : audit.not_unpackable()) {
      problem(fmt::format("{}: entry {} {}, which container engines cannot unpack", subject,
                          tar_name_for_message(finding.path), finding.what));
    }
    for (const auto& path : audit.duplicates()) {
      problem(fmt::format("{}: /{} is in it more than once", subject, tar_name_for_message(path)));
    }
  }

  void check_compression(const Descriptor& layer, DetectedCompression detected) {
    if (layer_compression(layer.media_type) == media_compression(detected)) return;
    problem(fmt::format("layer {} is not compressed as its media type {} says", layer.digest.to_string(),
                        layer.media_type));
  }

  // A blob that is nothing but its digest and size.
  void read_blob(const Descriptor& blob, std::string_view what) {
    if (!blobs_read_.insert({blob.digest, blob.size}).second) return;
    guard(fmt::format("{} {}", what, blob.digest.to_string()), [&] {
      const auto source = blobs_.open(blob);
      NullSink nowhere;
      copy(*source, nowhere, stop_);
      if (counted_.insert(blob.digest).second) report_.bytes += blob.size;
    });
  }

  // What is wrong with one thing must not hide what is wrong with the next. A machine that lacks what reading takes
  // judges nothing.
  template <class Work>
  void guard(const std::string& subject, Work&& work) {
    try {
      work();
    } catch (const LibraryMissing&) {
      throw;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::not_found &&
          error.code() != ErrorCode::unsupported && error.code() != ErrorCode::invalid_argument) {
        throw;
      }
      problem(fmt::format("{}: {}", subject, error.what()));
    }
  }

  void problem(std::string text) {
    if (said_.insert(text).second) report_.problems.push_back(std::move(text));
  }

  BlobReader& blobs_;
  std::stop_token stop_;
  VerifyReport report_;
  std::set<std::tuple<Digest, std::uint64_t, std::string, std::string>> documents_;
  std::set<Digest> manifests_;
  std::set<Digest> counted_;
  std::set<std::pair<Digest, std::uint64_t>> blobs_read_;
  std::map<std::tuple<Digest, std::uint64_t, std::string, Digest::Algorithm>, std::optional<Digest>> layers_;
  std::set<std::string> said_;
  std::string unreadable_;  // a digest of an unknown algorithm
};

}  // namespace

VerifyReport verify(const Document& root, const std::stop_token& stop) { return Verifier(*root.blobs, stop).run(root); }

}  // namespace ociassemble
