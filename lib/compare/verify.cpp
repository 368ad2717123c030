// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "base/shared_library.hpp"
#include "base/stop.hpp"
#include "base/text.hpp"
#include "compare/unpacking.hpp"
#include "compress/codec.hpp"
#include "digest/hasher.hpp"
#include "io/read_ahead.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "spec/embedded_data.hpp"
#include "tar/tar_audit.hpp"
#include "tar/tar_path.hpp"
#include "tar/tar_reader.hpp"

namespace ociassemble {
namespace {

constexpr int kMaxNesting = 4;
constexpr std::size_t kMostDocuments = 10000;

class Verifier {
 public:
  Verifier(BlobReader& blobs, std::stop_token stop) : blobs_(blobs), stop_(std::move(stop)) {}

  VerifyReport run(const Document& root) {
    guard("the index", [&] { document(root.json, root.descriptor, 0); });
    // A subject may have a subject, and so on.
    while (!subjects_.empty()) {
      const auto descriptor = std::move(subjects_.front());
      subjects_.pop_front();
      guard(fmt::format("subject {}", descriptor.digest.to_string()), [&] {
        if (is_there(descriptor)) child_document(descriptor, "subject", 0);
      });
    }
    // Nothing bad was found, and not all was looked at.
    if (report_.problems.empty() && !unjudged_.empty())
      throw Error(ErrorCode::unsupported, fmt::format("cannot verify {}", unjudged_));
    return std::move(report_);
  }

 private:
  void document(std::string_view json, const Descriptor& descriptor, int depth) {
    throw_if_stopped(stop_);
    if (++documents_read_ > kMostDocuments)
      throw Error(ErrorCode::corrupt, fmt::format("more than {} documents name each other", kMostDocuments));
    for (auto& fault : faults_of_embedded_data(json))
      problem(fmt::format("{}: {}", descriptor.digest.to_string(), fault));
    if (document_kind(json, descriptor.media_type) == DocumentKind::manifest) {
      return manifest(Manifest::parse(json, descriptor.media_type), descriptor);
    }
    if (depth >= kMaxNesting) throw Error(ErrorCode::corrupt, "indexes are nested too deeply");
    const auto index = Index::parse(json, descriptor.media_type);
    for (const auto& child : index.manifests) child_document(child, "manifest", depth);
    for (const auto& entry : index.unreadable)
      unjudged_ = printable(entry.digest) + ": its digest is of an algorithm that is not supported";
    // OCI image specification, manifest.md: what a document refers to may be elsewhere.
    if (index.subject) subjects_.push_back(*index.subject);
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

  bool is_there(const Descriptor& descriptor) {
    try {
      blobs_.open(descriptor);
      return true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::not_found) throw;
      return false;
    }
  }

  void manifest(const Manifest& manifest, const Descriptor& descriptor) {
    if (manifests_.insert(descriptor.digest).second) ++report_.manifests;
    // An image is one by its config, whatever artifact it says it is.
    const auto& type = manifest.config.media_type;
    const bool is_image = is_config_type(type);
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
    Unpacking unpacking([this](std::string text) { problem(std::move(text)); });
    if (!is_image) unpacking.give_up();
    for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
      const bool has_diff_id = config && i < config->diff_ids.size();
      layer(manifest.layers[i], is_image, has_diff_id ? &config->diff_ids[i] : nullptr, unpacking);
    }
    if (!unpacking.unjudged().empty()) unjudged_ = unpacking.unjudged();
    if (manifest.subject) subjects_.push_back(*manifest.subject);
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
    if (manifest.config.media_type != config_type(manifest.format)) {
      problem(fmt::format("config {} has the media type {}, of another family than its manifest's",
                          manifest.config.digest.to_string(), manifest.config.media_type));
    }
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
    if (descriptor.platform && (descriptor.platform->os.empty() || descriptor.platform->architecture.empty())) {
      problem(fmt::format("the index says a platform of {} without its {}", descriptor.digest.to_string(),
                          descriptor.platform->os.empty() ? "operating system" : "architecture"));
    } else if (descriptor.platform && !config.platform.os.empty() && !descriptor.platform->matches(config.platform)) {
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

  void layer(const Descriptor& layer, bool is_of_image, const Digest* diff_id, Unpacking& unpacking) {
    if (!is_layer_type(layer.media_type)) {
      unpacking.give_up();
      read_blob(layer, "layer");
      if (is_of_image) {
        problem(fmt::format("layer {} has the media type {}, so that its diff ID cannot be checked",
                            layer.digest.to_string(), printable(layer.media_type)));
      }
      return;
    }
    // Registries need not hold it; who has it all the same is checked.
    bool is_read = false;
    guard(fmt::format("layer {}", layer.digest.to_string()), [&] {
      if (is_foreign_layer_type(layer.media_type) && !is_there(layer)) return;
      const auto algorithm = diff_id == nullptr ? Digest::Algorithm::sha256 : diff_id->algorithm();
      const auto actual = diff_id_of(layer, algorithm, unpacking);
      is_read = actual.has_value();
      if (diff_id == nullptr || !actual || *actual == *diff_id) return;
      problem(fmt::format("layer {} has the diff ID {}, and the config says {}", layer.digest.to_string(),
                          actual->to_string(), diff_id->to_string()));
    });
    if (!is_read) unpacking.give_up();
  }

  // Checked once for each way of naming the blob and each algorithm, and read again for another image's files; nothing
  // for what could not be read before.
  std::optional<Digest> diff_id_of(const Descriptor& layer, Digest::Algorithm algorithm, Unpacking& unpacking) {
    const auto [known, is_new] = layers_.try_emplace(std::tuple(layer.digest, layer.size, layer.media_type, algorithm));
    if (is_new) {
      known->second = read_layer(layer, algorithm, unpacking);
    } else if (known->second && unpacking.is_going_on()) {
      const auto subject = fmt::format("layer {}", layer.digest.to_string());
      const auto tar_bytes = make_decompressor(blobs_.open(layer), subject);
      TarReader tar(*tar_bytes, subject);
      unpack(tar, subject, unpacking);
    }
    return known->second;
  }

  void unpack(TarReader& tar, const std::string& subject, Unpacking& unpacking) {
    unpacking.start_layer(subject);
    while (const auto entry = tar.next()) {
      throw_if_stopped(stop_);
      unpacking.add(*entry, tar);
    }
    unpacking.end_layer();
  }

  Digest read_layer(const Descriptor& layer, Digest::Algorithm algorithm, Unpacking& unpacking) {
    const auto subject = fmt::format("layer {}", layer.digest.to_string());
    const bool is_first = counted_.insert(layer.digest).second;
    if (is_first) ++report_.layers;
    auto blob = std::make_unique<PeekedSource>(blobs_.open(layer));
    check_compression(layer, detect_compression(blob->head()));
    DecompressionNotes notes;
    HashSource tar_bytes(read_ahead(make_decompressor(std::move(blob), subject, &notes)), algorithm);
    TarAudit audit;
    TeeSource audited(tar_bytes, audit);
    TarReader tar(audited, subject);
    unpack(tar, subject, unpacking);
    if (notes.has_padding)
      problem(fmt::format("{}: zeros follow its gzip data, which container engines refuse", subject));
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
  std::deque<Descriptor> subjects_;  // to be looked at
  std::size_t documents_read_ = 0;
  std::string unjudged_;  // what could not be looked at, and why
};

}  // namespace

VerifyReport verify(const Document& root, const std::stop_token& stop) { return Verifier(*root.blobs, stop).run(root); }

}  // namespace ociassemble
