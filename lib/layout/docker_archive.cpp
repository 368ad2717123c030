// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "compress/codec.hpp"
#include "digest/hasher.hpp"
#include "io/streams.hpp"
#include "layout/archive_blobs.hpp"
#include "layout/archive_files.hpp"
#include "layout/hybrid_archive.hpp"
#include "layout/in_context.hpp"
#include "layout/index_entries.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/reference.hpp"
#include "spec/docker_archive_manifest.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

// Stores the layer's tar bytes. Throws DigestMismatch when they are not what the diff ID names.
Descriptor store_uncompressed(std::unique_ptr<Source> compressed, const Digest& diff_id, BlobStore& to,
                              const std::string& subject, const std::stop_token& stop) {
  const auto plain = make_decompressor(std::move(compressed), subject);
  const auto writer = to.begin();
  if (diff_id.algorithm() == Digest::Algorithm::sha256) {
    copy(*plain, *writer, stop);
    auto stored = writer->commit(media_type::kDockerLayer);
    if (stored.digest != diff_id) throw DigestMismatch(subject, diff_id.to_string(), stored.digest.to_string());
    return stored;
  }
  HashSink hash(writer.get(), diff_id.algorithm());
  copy(*plain, hash, stop);
  const auto actual = hash.finish();
  if (actual != diff_id) throw DigestMismatch(subject, diff_id.to_string(), actual.to_string());
  Descriptor expected{.media_type = std::string(media_type::kDockerLayer), .digest = diff_id, .size = hash.size()};
  writer->commit(expected);
  return expected;
}

// The blobs of one image in an archive: layers by the digest of their tar bytes, and the documents that we made. Its
// sources may outlive it.
class DockerArchiveBlobs : public BlobReader {
 public:
  explicit DockerArchiveBlobs(ArchiveFiles files) : files_(std::move(files)), documents_(make_memory_store()) {}

  std::unique_ptr<Source> open(const Descriptor& descriptor) override {
    const auto in_archive = paths_.find(descriptor.digest);
    if (in_archive != paths_.end()) {
      return std::make_unique<VerifyingSource>(files_.open(in_archive->second), descriptor.digest, descriptor.size,
                                               fmt::format("layer {} in {}", in_archive->second, files_.name()));
    }
    if (unpacked_ && unpacked_->size(descriptor.digest)) return unpacked_->open(descriptor);
    return documents_->open(descriptor);
  }

  std::optional<fs::path> file(const Digest& digest) const override {
    if (!unpacked_) return {};
    return unpacked_->file(digest);
  }

  const ArchiveFiles& files() const noexcept { return files_; }
  Descriptor put(std::string_view json, std::string_view type) { return documents_->put(json, type); }

  // Makes a layer of the archive known; one that is compressed is unpacked now, since only its tar bytes have a name.
  Descriptor add_layer(const std::string& path, const Digest& diff_id, const std::stop_token& stop) {
    Descriptor descriptor{.media_type = std::string(media_type::kDockerLayer), .digest = diff_id};
    if (const auto known = sizes_.find(diff_id); known != sizes_.end()) {
      descriptor.size = known->second;
    } else if (is_compressed(path)) {
      if (!unpacked_) unpacked_ = make_temporary_store();
      const auto subject = fmt::format("layer {} in {}", path, files_.name());
      descriptor.size = store_uncompressed(files_.open(path), diff_id, *unpacked_, subject, stop).size;
    } else {
      paths_.emplace(diff_id, path);
      descriptor.size = files_.size(path);
    }
    sizes_.emplace(diff_id, descriptor.size);
    return descriptor;
  }

 private:
  bool is_compressed(const std::string& path) const {
    std::array<std::byte, 16> begin{};
    const auto source = files_.open(path);
    const auto count = read_full(*source, begin);
    return detect_compression(std::span(begin).first(count)) != DetectedCompression::none;
  }

  ArchiveFiles files_;
  std::shared_ptr<BlobStore> documents_;
  std::shared_ptr<BlobStore> unpacked_;  // null until a compressed layer is met
  std::map<Digest, std::string> paths_;
  std::map<Digest, std::uint64_t> sizes_;
};

std::string list_tags(const DockerArchiveManifest& manifest) {
  std::vector<std::string> tags;
  for (const auto& image : manifest.images) tags.insert(tags.end(), image.repo_tags.begin(), image.repo_tags.end());
  constexpr std::size_t kMaxListed = 50;
  const bool more = tags.size() > kMaxListed;
  if (more) tags.resize(kMaxListed);
  return tags.empty() ? "no image in it has a name"
                      : fmt::format("there are: {}{}", fmt::join(tags, ", "), more ? ", …" : "");
}

const DockerArchiveImage& choose_image(const DockerArchiveManifest& manifest,
                                       const std::optional<std::string>& reference, const std::string& where) {
  if (!reference && manifest.images.size() == 1) return manifest.images.front();
  if (!reference) {
    throw Error(ErrorCode::not_found,
                fmt::format("cannot choose the image in {}: {} images are in it and none was named", where,
                            manifest.images.size()),
                list_tags(manifest));
  }
  if (reference->starts_with('@')) {
    const auto place = place_in(*reference);
    if (place && *place < manifest.images.size()) return manifest.images[*place];
  }
  const auto wanted = full_reference(*reference);
  const auto found = std::find_if(manifest.images.begin(), manifest.images.end(), [&](const auto& image) {
    return std::any_of(image.repo_tags.begin(), image.repo_tags.end(),
                       [&](const auto& tag) { return full_reference(tag) == wanted; });
  });
  if (found != manifest.images.end()) return *found;
  throw Error(ErrorCode::not_found,
              fmt::format("cannot find image {} in {}: there is no image of that name", *reference, where),
              list_tags(manifest));
}

DockerArchiveManifest read_manifest(const ArchiveFiles& files) {
  if (!files.contains(kDockerManifestFile)) {
    throw Error(ErrorCode::corrupt,
                fmt::format("cannot read {}: not a docker archive: no {} in it", files.name(), kDockerManifestFile),
                files.contains("index.json") ? "it may be an OCI archive: oci-archive:FILE" : "");
  }
  return in_context(files.name(),
                    [&] { return DockerArchiveManifest::parse(files.read(kDockerManifestFile, kMaxManifestSize)); });
}

void require_layers(const DockerArchiveImage& image, const ImageConfig& config, const std::string& where) {
  if (image.layers.size() == config.diff_ids.size()) return;
  throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: {} layers are listed and the config has {} diff IDs",
                                              where, image.layers.size(), config.diff_ids.size()));
}

// What we and newer engines write has the image's own manifest, too. Where that part cannot be used, or does not have
// the name, manifest.json has the say, as it has for `docker load`.
std::optional<Document> layout_beside(const ArchiveFiles& files, const std::optional<std::string>& reference) {
  if (!files.contains(kDockerManifestFile) || !files.contains(kIndexFile) || !files.contains(kLayoutFile)) return {};
  try {
    auto document = open_layout_in(files, reference);
    const bool is_index = document_kind(document.json, document.descriptor.media_type) == DocumentKind::index;
    if (!is_index) open_image(document, {});  // whole
    return document;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::io || error.code() == ErrorCode::interrupted) throw;
    return {};
  }
}

}  // namespace

void write_docker_archive(const fs::path& file, const Image& image, const std::vector<std::string>& references,
                          const std::stop_token& stop) {
  write_hybrid_archive(file, image, names_of_references(references), stop);
}

void write_docker_archive(const fs::path& file, const ImageIndex& index, const std::vector<std::string>& references,
                          const std::stop_token& stop) {
  write_hybrid_archive(file, index, names_of_references(references), stop);
}

void write_docker_archive(const fs::path& file, const Document& root, const std::vector<std::string>& references,
                          const std::stop_token& stop) {
  write_hybrid_archive(file, root, names_of_references(references), stop);
}

Document open_docker_archive(const fs::path& file, const std::optional<std::string>& reference,
                             const std::stop_token& stop) {
  ArchiveFiles all(
      file, [](auto) { return true; }, stop);
  if (auto document = layout_beside(all, reference)) return std::move(*document);
  auto blobs = std::make_shared<DockerArchiveBlobs>(std::move(all));
  const auto& files = blobs->files();
  const auto archive = read_manifest(files);
  const auto& image = choose_image(archive, reference, files.name());
  const auto config_json = files.read(image.config, kMaxConfigSize);
  const auto config = in_context(files.name(), [&] { return ImageConfig::parse(config_json); });
  require_layers(image, config, files.name());
  files.expect({image.layers.begin(), image.layers.end()});

  Manifest manifest{.format = ImageFormat::docker,
                    .artifact_type = {},
                    .config = blobs->put(config_json, media_type::kDockerConfig),
                    .layers = {},
                    .subject = {},
                    .annotations = {}};
  for (std::size_t i = 0; i < image.layers.size(); ++i) {
    manifest.layers.push_back(blobs->add_layer(image.layers[i], config.diff_ids[i], stop));
  }
  auto json = manifest.to_json();
  auto descriptor = blobs->put(json, media_type::kDockerManifest);
  return {.descriptor = std::move(descriptor), .json = std::move(json), .blobs = std::move(blobs)};
}

}  // namespace ociassemble
