// SPDX-License-Identifier: Apache-2.0
#include "bases/base.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/file_status.hpp"
#include "base/stop.hpp"
#include "base/trace.hpp"
#include "bases/base_facts.hpp"
#include "bases/file_summaries.hpp"
#include "bases/kept_layers.hpp"
#include "bases/rootfs_platform.hpp"
#include "bases/static_base.hpp"
#include "compress/codec.hpp"
#include "digest/hasher.hpp"
#include "gates/root_files.hpp"
#include "image/cached_layer.hpp"
#include "inputs/folder.hpp"
#include "inputs/input_file.hpp"
#include "inspect/os_release.hpp"
#include "io/read_ahead.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "spec/timestamp.hpp"
#include "tar/tar_audit.hpp"
#include "tar/tar_path.hpp"
#include "tree/tree_record.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Files that builds decide by, kept whole.
std::set<std::string> wanted_files() {
  std::set<std::string> wanted(kLoaderTexts.begin(), kLoaderTexts.end());
  wanted.insert(kAccountTexts.begin(), kAccountTexts.end());
  wanted.insert(kOsReleaseFiles.begin(), kOsReleaseFiles.end());
  return wanted;
}

Tree make_tree(std::set<std::string> wanted) { return Tree(std::move(wanted), {is_summarised_file, summarise_file}); }

std::string_view stated_compression(const Layer& layer) {
  const auto stated = layer_compression(layer.descriptor.media_type);
  if (!stated) return "unknown";
  return *stated == Compression::none ? "none" : *stated == Compression::gzip ? "gzip" : "zstd";
}

// A base that is one layer and a config of our own.
void use_single_layer(Base& base, Layer layer, std::string created_by, const Platform& platform, std::int64_t created) {
  HistoryEntry entry;
  entry.created = format_timestamp(created);
  entry.created_by = std::move(created_by);
  base.config.platform = platform;
  base.config.env = {kDefaultPath};
  base.config.history = {std::move(entry)};
  base.config.diff_ids = {layer.diff_id};
  base.layers = {std::move(layer)};
}

// Lays the tar over the tree, to the end of its bytes.
void apply_tar(Tree& tree, Source& bytes, const std::string& subject, const Workplace& workplace) {
  TarReader tar(bytes, subject);
  tree.apply(tar);
  if (!tar.lacks_padding() || !workplace.warn) return;
  workplace.warn(fmt::format("{} ends without the zeros that fill a tar's last block; some tools refuse it", subject));
}

// Lays a layer's tar over the tree and returns its diff ID.
Digest apply_layer(Tree& tree, std::unique_ptr<Source> blob, const std::string& subject, Digest::Algorithm algorithm,
                   const Workplace& workplace) {
  HashSource tar_bytes(read_ahead(make_decompressor(std::move(blob), subject)), algorithm);
  apply_tar(tree, tar_bytes, subject, workplace);
  return tar_bytes.finish();
}

// The same for a tarball that is to become a layer: what engines cannot unpack must not get into an image.
Digest apply_tarball(Tree& tree, std::unique_ptr<Source> tar_bytes, const std::string& subject,
                     const Workplace& workplace) {
  HashSource hashed(std::move(tar_bytes));
  TarAudit audit;
  TeeSource audited(hashed, audit);
  apply_tar(tree, audited, subject, workplace);
  if (!audit.not_unpackable().empty()) {
    const auto& found = audit.not_unpackable().front();
    throw Error(
        ErrorCode::unsupported,
        fmt::format("cannot use {} as a base: its entry {} {}, which container engines cannot unpack", subject,
                    tar_name_for_message(found.path), found.what),
        fmt::format("repack it: mkdir root && tar -xf {0} -C root && tar --format=pax -cf {0} -C root .", subject));
  }
  return hashed.finish();
}

// Hands on what is read from another, and writes it to a blob.
class IntoBlob : public Source {
 public:
  IntoBlob(std::unique_ptr<Source> from, BlobWriter& blob, const std::stop_token& stop)
      : from_(std::move(from)), tee_(*from_, blob), stop_(stop) {}
  std::size_t read(std::span<std::byte> buffer) override {
    throw_if_stopped(stop_);
    return tee_.read(buffer);
  }

 private:
  std::unique_ptr<Source> from_;
  TeeSource tee_;
  const std::stop_token& stop_;
};

class BorrowedSource : public Source {
 public:
  explicit BorrowedSource(Source& from) : from_(from) {}
  std::size_t read(std::span<std::byte> buffer) override { return from_.read(buffer); }

 private:
  Source& from_;
};

// A tar in a compression that layers may have is a layer as it is; another is made into one. Either way the tree is
// read from the bytes that are stored, and nothing is stored that is no tar.
Layer layer_from_tarball(const fs::path& file, const std::optional<FileIdentity>& identity, const LayerOptions& options,
                         const Workplace& workplace, Tree& tree, bool& may_be_written) {
  auto input = std::make_unique<InputFile>(file, identity);
  may_be_written = input->may_be_written();
  const auto& opened = *input;
  auto peeked = std::make_unique<PeekedSource>(std::move(input));
  const auto detected = detect_compression(peeked->head());
  const auto subject = file.string();
  if (detected != DetectedCompression::gzip && detected != DetectedCompression::zstd) {
    const auto bytes = make_decompressor(std::move(peeked), subject);
    const auto read = [&](Source& tar_bytes) {
      apply_tarball(tree, std::make_unique<BorrowedSource>(tar_bytes), subject, workplace);
    };
    auto layer = build_layer_from_tar(*bytes, options, workplace.store, read, workplace.stop);
    opened.require_unchanged();
    return layer;
  }
  const auto kind = detected == DetectedCompression::gzip ? Compression::gzip : Compression::zstd;
  const auto blob = workplace.store->begin();
  auto diff_id = apply_tarball(
      tree, make_decompressor(std::make_unique<IntoBlob>(std::move(peeked), *blob, workplace.stop), subject), subject,
      workplace);
  return {blob->commit(layer_type(options.format, kind)), std::move(diff_id), workplace.store};
}

// The layer of a tarball, made when its bytes are first asked for.
class TarballOnDemand : public BlobReader {
 public:
  TarballOnDemand(fs::path file, FileIdentity identity, LayerOptions options, const Workplace& workplace)
      : file_(std::move(file)), identity_(std::move(identity)), options_(options), workplace_(workplace) {}

  std::unique_ptr<Source> open(const Descriptor& descriptor) override {
    const std::lock_guard lock(mutex_);
    if (!workplace_.store->contains(descriptor)) {
      Tree unused;
      bool may_be_written = false;
      const auto made = layer_from_tarball(file_, identity_, options_, workplace_, unused, may_be_written);
      if (made.descriptor.digest != descriptor.digest) throw_changed(file_);
    }
    return workplace_.store->open(descriptor);
  }

 private:
  const fs::path file_;
  const FileIdentity identity_;
  const LayerOptions options_;
  const Workplace workplace_;
  std::mutex mutex_;
};

// The same, unless the cache knows what the file comes out as and the store has it; the tree is then left alone.
Layer cached_layer_from_tarball(const fs::path& file, const std::optional<FileIdentity>& identity,
                                const LayerOptions& options, const Workplace& workplace, Tree& tree) {
  auto records = open_record_cache(workplace);
  const auto key = identity ? LayerCache::key(*identity, options) : std::nullopt;
  bool may_be_written = false;
  if (!records || !key) return layer_from_tarball(file, identity, options, workplace, tree, may_be_written);
  LayerCache cache(std::make_shared<RecordCache>(std::move(*records)));
  const auto known = cache.find(*key);
  if (known && workplace.store->contains(known->descriptor)) {
    return {known->descriptor, known->diff_id, workplace.store};
  }
  if (known && workplace.layers_on_demand) {
    return {known->descriptor, known->diff_id, std::make_shared<TarballOnDemand>(file, *identity, options, workplace)};
  }
  auto layer = layer_from_tarball(file, identity, options, workplace, tree, may_be_written);
  if (!may_be_written) cache.put(*key, *identity, {layer.descriptor, layer.diff_id});
  return layer;
}

// The same for all who share the work, which keeps the tree, too, where it was read.
Layer layer_of_tarball(const fs::path& file, const LayerOptions& options, const Workplace& workplace,
                       SharedWork& work) {
  const auto identity = FileIdentity::of(file);
  const auto make = [&] {
    Tree tree = make_tree(wanted_files());
    auto layer = cached_layer_from_tarball(file, identity, options, workplace, tree);
    if (!tree.root().children.empty() && tree.missed_files().empty())
      work.trees.get(tree_key({layer}), [&] { return std::move(tree); });
    return layer;
  };
  const auto key = identity ? LayerCache::key(*identity, options) : std::nullopt;
  return key ? work.layers.get(*key, make) : make();
}

// Docker and containerd run an image whose config names no system or architecture as what they were asked for.
void complete_platform(ImageConfig& config, const Platform& platform, const Location& location,
                       const Workplace& workplace) {
  if (!config.platform.os.empty() && !config.platform.architecture.empty()) return;
  config.platform = platform;
  if (!workplace.warn) return;
  workplace.warn(fmt::format("the config of base {} does not say which platform it is for; it is taken for {}",
                             location.to_string(), platform.to_string()));
}

// Throws for a layer that is not compressed as its media type says: engines would fail to unpack the image.
void require_stated_compression(const Layer& layer, DetectedCompression detected) {
  const auto stated = layer_compression(layer.descriptor.media_type);
  if (!stated || stated == media_compression(detected)) return;
  throw Error(ErrorCode::corrupt,
              fmt::format("cannot use the base: layer {} has the media type {}, and its bytes are {}",
                          layer.descriptor.digest.to_string(), layer.descriptor.media_type,
                          detected == DetectedCompression::none ? "not compressed" : compression_name(detected)),
              media_compression(detected) ? "--fix-media-types writes the true type"
                                          : "copy the base with another compression first");
}

// The types that the bytes have. A manifest of its own family keeps it.
void fix_media_types(Base& base, ImageFormat format) {
  for (auto& layer : base.layers) {
    if (!layer_compression(layer.descriptor.media_type) || is_foreign_layer_type(layer.descriptor.media_type)) continue;
    const PeekedSource blob(layer.blobs->open(layer.descriptor));
    const auto detected = detect_compression(blob.head());
    const auto kind = media_compression(detected);
    if (!kind) require_stated_compression(layer, detected);
    layer.descriptor.media_type = layer_type(format, *kind);
  }
}

void use_image(Base& base, const FoundBase& found, const Location& location, const Platform& platform,
               bool fixes_media_types, const Workplace& workplace) {
  const auto image = open_image(found.root, platform);
  base.config = image.config();
  base.layers = image.layers();
  base.digest = image.digest();
  base.root = found.root.descriptor.digest;
  if (workplace.client) workplace.client->expect_layers(base.layers);
  if (location.reference) base.name = location.reference->to_string();
  if (found.locked != nullptr && found.locked->name) base.name = *found.locked->name;
  complete_platform(base.config, platform, location, workplace);
  if (fixes_media_types) fix_media_types(base, image.manifest().format);
  if (!workplace.copy_base) return;
  // Who trusts no cache does not trust what lies in the output either.
  const auto present = workplace.cache_folder.empty() ? Present::by_bytes : Present::by_size;
  for (auto& layer : base.layers) {
    copy_blob(*layer.blobs, layer.descriptor, *workplace.store, workplace.stop, present);
    layer.blobs = workplace.store;
  }
}

Tree read_layers(const std::vector<Layer>& layers, const std::set<std::string>& wanted, const Workplace& workplace) {
  Tree tree = make_tree(wanted);
  for (const auto& layer : layers) {
    const auto subject = fmt::format("layer {} of the base", layer.descriptor.digest.to_string());
    if (workplace.progress) workplace.progress(fmt::format("reading {}", subject));
    auto blob = std::make_unique<PeekedSource>(open_layer(layer, workplace));
    require_stated_compression(layer, detect_compression(blob->head()));
    const auto diff_id = apply_layer(tree, std::move(blob), subject, layer.diff_id.algorithm(), workplace);
    if (diff_id != layer.diff_id) throw DigestMismatch(subject, layer.diff_id.to_string(), diff_id.to_string());
  }
  return tree;
}

// Once more where a wanted file turns out to be a link to one whose contents were passed over.
Tree read_layers(const std::vector<Layer>& layers, const Workplace& workplace) {
  constexpr int kMostReadings = 4;
  auto wanted = wanted_files();
  auto tree = read_layers(layers, wanted, workplace);
  for (int reading = 1; reading < kMostReadings; ++reading) {
    const auto missed = tree.missed_files();
    if (missed.empty()) break;
    wanted.insert(missed.begin(), missed.end());
    tree = read_layers(layers, wanted, workplace);
  }
  return tree;
}

void use_rootfs(Base& base, const BaseRequest& request, const Platform& platform, const Workplace& workplace,
                SharedWork& work) {
  const auto& path = request.location.path;
  auto layer = is_folder(path) ? make_layer(read_rootfs_folder(path, request.mtime), {}, request.layer, workplace, work)
                               : layer_of_tarball(path, request.layer, workplace, work);
  use_single_layer(base, std::move(layer), "ociassemble: base rootfs", platform, request.created);
  base.tree = read_base_tree(base.layers, workplace, work);
  require_platform(base.tree, base.layers, platform, request.location.to_string(), workplace);
}

Tree read_cached_tree(const std::vector<Layer>& layers, const Digest& key, const Workplace& workplace) {
  constexpr const char* kKind = "trees-with-facts";
  auto cache = open_record_cache(workplace);
  auto record = cache ? cache->find(kKind, key) : std::nullopt;
  if (auto known = record ? decode_tree(std::move(*record)) : std::nullopt) return std::move(*known);
  const TraceSpan span("read base layers");
  // The record is smaller than the tree, and cheap to copy for each platform and profile.
  auto bytes = encode_tree(read_layers(layers, workplace));
  if (cache) cache->put(kKind, key, bytes);
  auto tree = decode_tree(share(std::move(bytes)));
  if (!tree) throw Error(ErrorCode::unsupported, "cannot keep the base's list of files: its folders are too deep");
  return std::move(*tree);
}

}  // namespace

std::optional<RecordCache> open_record_cache(const Workplace& workplace) {
  return open_record_cache(workplace.cache_folder, workplace.warn);
}

Digest tree_key(const std::vector<Layer>& layers) {
  std::string text;
  for (const auto& layer : layers)
    text += fmt::format("{} {} {}\n", layer.descriptor.digest.to_string(), layer.diff_id.to_string(),
                        stated_compression(layer));
  return Digest::of(text);
}

namespace {

std::uint64_t size_of(const std::vector<LayerEntry>& entries) {
  std::uint64_t size = 0;
  for (const auto& made : entries) size += made.entry.size;
  return size;
}

}  // namespace

Layer make_layer(std::vector<LayerEntry> entries, const std::string& what, const LayerOptions& options,
                 const Workplace& workplace, SharedWork& work) {
  sort_entries(entries);
  const auto key = LayerCache::key(entries, options);
  const auto make = [&] {
    if (workplace.progress && !what.empty()) workplace.progress("making layer " + what);
    auto records = open_record_cache(workplace);
    std::optional<LayerCache> cache;
    if (records) cache.emplace(std::make_shared<RecordCache>(std::move(*records)));
    bool made = false;
    std::shared_ptr<Sink> sent;
    const auto size = size_of(entries);
    const auto before_making = [&] {
      made = true;
      if (workplace.client) sent = workplace.client->expect_new_layer(size);
      return sent;
    };
    auto layer = build_cached_layer(std::move(entries), options, workplace.store, cache ? &*cache : nullptr, key,
                                    workplace.layers_on_demand ? MakeLayer::on_demand : MakeLayer::now, workplace.stop,
                                    before_making);
    if (made && workplace.client) workplace.client->add_new_layer(layer.descriptor.digest, sent);
    return layer;
  };
  return key ? work.layers.get(*key, make) : make();
}

Tree read_base_tree(const std::vector<Layer>& layers, const Workplace& workplace, SharedWork& work) {
  const auto key = tree_key(layers);
  return work.trees.get(key, [&] { return read_cached_tree(layers, key, workplace); });
}

std::vector<fs::path> inputs_of(const Location& location) {
  switch (location.kind) {
    case Location::Kind::oci_layout:
      return {location.path / "index.json"};
    case Location::Kind::oci_archive:
    case Location::Kind::docker_archive:
      return {location.path};
    case Location::Kind::rootfs:
      if (is_folder(location.path)) return {};
      return {location.path};
    case Location::Kind::registry:
    case Location::Kind::scratch:
    case Location::Kind::static_base:
    case Location::Kind::docker_daemon:
    case Location::Kind::podman:
    case Location::Kind::containerd:
    case Location::Kind::kind:
    case Location::Kind::k3s:
      break;
  }
  return {};
}

Base open_base(SharedWork& work, const BaseRequest& request, const Platform& platform, const Workplace& workplace,
               std::vector<fs::path>& inputs) {
  const TraceSpan span("find base");
  const auto& location = request.location;
  Base base{{}, {}, {}, {}, {}, location.to_string(), make_tree(wanted_files())};
  switch (location.kind) {
    case Location::Kind::scratch:
      base.config.platform = platform;
      break;
    case Location::Kind::static_base: {
      auto layer = make_layer(static_base_entries(request.mtime), {}, request.layer, workplace, work);
      use_single_layer(base, std::move(layer), "ociassemble: base static", platform, request.created);
      auto unsaid = workplace;  // it is built in: nobody waits for it
      unsaid.progress = nullptr;
      base.tree = read_base_tree(base.layers, unsaid, work);
      break;
    }
    case Location::Kind::rootfs:
      use_rootfs(base, request, platform, workplace, work);
      break;
    case Location::Kind::registry:
    case Location::Kind::oci_layout:
    case Location::Kind::oci_archive:
    case Location::Kind::docker_archive:
    case Location::Kind::docker_daemon:
    case Location::Kind::podman:
    case Location::Kind::containerd:
    case Location::Kind::kind:
    case Location::Kind::k3s: {
      const auto found = work.bases.find(request);
      use_image(base, found, location, platform, request.fix_media_types, workplace);
      auto locked = locked_tree(found, platform, workplace);
      base.tree = locked ? std::move(*locked) : read_base_tree(base.layers, workplace, work);
      break;
    }
  }
  for (auto& input : inputs_of(location)) inputs.push_back(std::move(input));
  if (const auto name = pretty_name(base.tree); !name.empty()) base.description += fmt::format(" ({})", name);
  return base;
}

}  // namespace ociassemble
