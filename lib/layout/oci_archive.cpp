// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>

#include "digest/hasher.hpp"
#include "image/contents.hpp"
#include "layout/archive_files.hpp"
#include "layout/archive_output.hpp"
#include "layout/in_context.hpp"
#include "layout/index_entries.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "spec/oci_layout_file.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

std::string blob_path(const Digest& digest) {
  return fmt::format("blobs/{}/{}", digest.algorithm_name(), digest.hex());
}

// Whether a foreign layer is to be had is known by opening it; it is then read from there.
void add_blob(ArchiveContents& contents, const Descriptor& blob, const std::shared_ptr<BlobReader>& from) {
  if (contents.count(blob_path(blob.digest)) != 0) return;
  std::shared_ptr<std::unique_ptr<Source>> opened;
  if (is_foreign_layer_type(blob.media_type)) {
    opened = std::make_shared<std::unique_ptr<Source>>(open_if_there(*from, blob));
    if (!*opened) return;
  }
  contents.emplace(blob_path(blob.digest), [blob, from, opened] {
    auto source = opened ? std::move(*opened) : nullptr;
    return ArchivePayload{.size = blob.size, .source = source ? std::move(source) : from->open(blob)};
  });
}

void add_layers(ArchiveContents& contents, const Image& image) {
  for (const auto& layer : image.layers()) {
    add_blob(contents, layer.descriptor, layer.blobs);
  }
}

// The contents borrow the image.
void add_image(ArchiveContents& contents, const Image& image, const Digest& manifest) {
  add_layers(contents, image);
  contents.emplace(blob_path(image.manifest().config.digest), text_payload(image.config_json()));
  contents.emplace(blob_path(manifest), text_payload(image.manifest_json()));
}

void write(const fs::path& file, ArchiveContents contents, const Descriptor& entry, const std::stop_token& stop) {
  Index index;
  index.manifests.push_back(entry);
  contents.emplace(kIndexFile, text_payload(index.to_json()));
  contents.emplace(kLayoutFile, text_payload(OciLayoutFile().to_json()));
  write_archive(file, contents, stop);
}

// The blobs in an archive. Its sources may outlive it.
class ArchiveBlobs : public BlobReader {
 public:
  explicit ArchiveBlobs(ArchiveFiles files) : files_(std::move(files)) {}

  std::unique_ptr<Source> open(const Descriptor& descriptor) override {
    auto name = fmt::format("blob {} in {}", descriptor.digest.to_string(), files_.name());
    const auto path = blob_path(descriptor.digest);
    if (!files_.contains(path)) {
      throw Error(ErrorCode::not_found, fmt::format("cannot read {}: there is no such blob", name));
    }
    return std::make_unique<VerifyingSource>(files_.open(path), descriptor.digest, descriptor.size, std::move(name));
  }

 private:
  ArchiveFiles files_;
};

bool is_layout_path(std::string_view path) {
  return path == kLayoutFile || path == kIndexFile || path.substr(0, 6) == "blobs/";
}

void require_file(const ArchiveFiles& files, const char* path) {
  if (files.contains(path)) return;
  const bool from_docker = files.contains("manifest.json");
  throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: not an OCI archive: no {} in it", files.name(), path),
              from_docker ? "it may be what docker save writes: docker-archive:FILE" : "");
}

}  // namespace

void write_oci_archive(const fs::path& file, const Image& image, const std::optional<std::string>& name,
                       const std::stop_token& stop) {
  ArchiveContents contents;
  add_image(contents, image, image.digest());
  write(file, std::move(contents), name_entry(image.descriptor(), name), stop);
}

void write_oci_archive(const fs::path& file, const ImageIndex& index, const std::optional<std::string>& name,
                       const std::stop_token& stop) {
  ArchiveContents contents;
  for (const auto& image : index.images) {
    add_image(contents, image, find_in_index(index.index, image).value_or(image.descriptor()).digest);
  }
  contents.emplace(blob_path(index.descriptor.digest), text_payload(index.json));
  write(file, std::move(contents), name_entry(index.descriptor, name), stop);
}

void write_oci_archive(const fs::path& file, const Document& root, const std::optional<std::string>& name,
                       const std::stop_token& stop) {
  const auto documents = all_documents(root, stop);
  ArchiveContents contents;
  for (const auto& document : documents) {
    contents.emplace(blob_path(document.descriptor.digest), text_payload(document.json));
    for (const auto& blob : contents_of(document).blobs) {
      add_blob(contents, blob, document.blobs);
    }
  }
  write(file, std::move(contents), name_entry(root.descriptor, name), stop);
}

Document open_oci_archive(const fs::path& file, const std::optional<std::string>& name, const std::stop_token& stop) {
  const auto wanted = [](std::string_view path) { return is_layout_path(path) || path == "manifest.json"; };
  ArchiveFiles files(file, wanted, stop);
  require_file(files, kIndexFile);
  require_file(files, kLayoutFile);
  const auto index = in_context(files.name(), [&] {
    OciLayoutFile::parse(files.read(kLayoutFile, OciLayoutFile::kMaxSize));
    return Index::parse(files.read(kIndexFile, kMaxManifestSize));
  });
  const auto& entry = choose_entry(index, name, fmt::format("OCI archive {}", files.name()));
  auto blobs = std::make_shared<ArchiveBlobs>(std::move(files));
  auto json = BlobStore::read(*blobs, entry, kMaxManifestSize);
  return {.descriptor = entry, .json = std::move(json), .blobs = std::move(blobs)};
}

}  // namespace ociassemble
