// SPDX-License-Identifier: Apache-2.0
#include "layout/hybrid_archive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "image/contents.hpp"
#include "layout/archive_output.hpp"
#include "layout/index_entries.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/reference.hpp"
#include "spec/docker_archive_manifest.hpp"
#include "spec/oci_layout_file.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

std::string tagged(const Reference& reference) { return reference.name() + ":" + reference.tag().value_or("latest"); }

ArchiveName name_of_reference(const std::string& text) {
  const auto reference = Reference::parse(text);
  return {reference.tag().value_or("latest"), tagged(reference)};
}

// A word alone is a tag of nobody knows what.
ArchiveName name_of_entry(const std::string& text) {
  if (text.find_first_of("/:") == std::string::npos) return {text, {}};
  try {
    const auto reference = Reference::parse(text);
    return {text, reference.digest() ? std::string() : tagged(reference)};
  } catch (const Error&) {
    return {text, {}};
  }
}

// Docker's older engines take one image out of an archive, whatever machine they are on.
bool comes_first(const Platform& platform) { return platform.os == "linux" && platform.architecture == "amd64"; }

// The contents borrow what is added.
class HybridArchive {
 public:
  HybridArchive(ArchiveNames names, const std::stop_token& stop) : names_(std::move(names)), stop_(stop) {}

  void add(const Image& image, const Digest& manifest) {
    for (const auto& layer : image.layers()) add_blob(layer.descriptor, layer.blobs);
    contents_.emplace(blob_path(image.manifest().config.digest), text_payload(image.config_json()));
    contents_.emplace(blob_path(manifest), text_payload(image.manifest_json()));
  }

  void add(const Document& document) {
    contents_.emplace(blob_path(document.descriptor.digest), text_payload(document.json));
    for (const auto& blob : contents_of(document).blobs) add_blob(blob, document.blobs);
  }

  // The image that manifest.json has; without all of its layers it has none.
  void set_docker_image(const Manifest& manifest) {
    if (!is_config_type(manifest.config.media_type)) return;
    DockerArchiveImage image{.config = blob_path(manifest.config.digest), .repo_tags = repo_tags(), .layers = {}};
    for (const auto& layer : manifest.layers) {
      auto path = blob_path(layer.digest);
      if (contents_.count(path) == 0) return;
      image.layers.push_back(std::move(path));
    }
    DockerArchiveManifest docker;
    docker.images.push_back(std::move(image));
    contents_.insert_or_assign(kDockerManifestFile, text_payload(docker.to_json()));
  }

  // Entries of index.json beside the image's, and all that they name.
  void add_more(const std::vector<NamedDocument>& more) {
    for (const auto& [document, name] : more) {
      for (const auto& one : all_documents(document, stop_)) add(one);
      more_.push_back(name_entry(document.descriptor, name));
    }
  }

  // To a file or a sink.
  template <class To>
  void write(To& to, const Descriptor& root) {
    Index index;
    if (names_.empty()) index.manifests.push_back(name_entry(root, {}));
    for (const auto& name : names_) index.manifests.push_back(named(root, name));
    index.manifests.insert(index.manifests.end(), more_.begin(), more_.end());
    contents_.emplace(kIndexFile, text_payload(index.to_json()));
    contents_.emplace(kLayoutFile, text_payload(OciLayoutFile().to_json()));
    write_archive(to, contents_, stop_);
  }

 private:
  static Descriptor named(const Descriptor& root, const ArchiveName& name) {
    auto entry = name_entry(root, name.entry);
    if (!name.full.empty()) entry.annotations.emplace(kContainerdNameAnnotation, name.full);
    return entry;
  }

  std::vector<std::string> repo_tags() const {
    std::vector<std::string> tags;
    for (const auto& name : names_) {
      if (!name.full.empty()) tags.push_back(name.full);
    }
    return tags;
  }

  // Whether a foreign layer is to be had is known by opening it; it is then read from there.
  void add_blob(const Descriptor& blob, const std::shared_ptr<BlobReader>& from) {
    if (contents_.count(blob_path(blob.digest)) != 0) return;
    std::shared_ptr<std::unique_ptr<Source>> opened;
    if (is_foreign_layer_type(blob.media_type)) {
      opened = std::make_shared<std::unique_ptr<Source>>(open_if_there(*from, blob));
      if (!*opened) return;
    }
    contents_.emplace(blob_path(blob.digest), [blob, from, opened] {
      auto source = opened ? std::move(*opened) : nullptr;
      return ArchivePayload{.size = blob.size, .source = source ? std::move(source) : from->open(blob)};
    });
  }

  const ArchiveNames names_;
  const std::stop_token& stop_;
  ArchiveContents contents_;
  std::vector<Descriptor> more_;
};

// Of an index the entry that manifest.json shall have; null where none is an image's.
const Descriptor* docker_entry(const Index& index) {
  const Descriptor* first = nullptr;
  for (const auto& entry : index.manifests) {
    if (!is_manifest_type(entry.media_type) || !entry.platform || entry.platform->os == "unknown") continue;
    if (comes_first(*entry.platform)) return &entry;
    if (first == nullptr) first = &entry;
  }
  return first;
}

template <class To>
void write_image_to(To& to, const Image& image, ArchiveNames names, const std::stop_token& stop,
                    const std::vector<NamedDocument>& more) {
  HybridArchive archive(std::move(names), stop);
  archive.add(image, image.digest());
  archive.set_docker_image(image.manifest());
  archive.add_more(more);
  archive.write(to, image.descriptor());
}

template <class To>
void write_index_to(To& to, const ImageIndex& index, ArchiveNames names, const std::stop_token& stop,
                    const std::vector<NamedDocument>& more) {
  HybridArchive archive(std::move(names), stop);
  const Image* shown = nullptr;
  for (const auto& image : index.images) {
    archive.add(image, find_in_index(index.index, image).value_or(image.descriptor()).digest);
    const bool is_better = shown == nullptr || comes_first(image.config().platform);
    if (is_better && (shown == nullptr || !comes_first(shown->config().platform))) shown = &image;
  }
  if (shown != nullptr) archive.set_docker_image(shown->manifest());
  for (const auto& other : index.others) archive.add(other);
  archive.add(Document{index.descriptor, index.json, nullptr});
  archive.add_more(more);
  archive.write(to, index.descriptor);
}

template <class To>
void write_document_to(To& to, const Document& root, ArchiveNames names, const std::stop_token& stop,
                       const std::vector<NamedDocument>& more) {
  const auto documents = all_documents(root, stop);
  HybridArchive archive(std::move(names), stop);
  for (const auto& document : documents) archive.add(document);
  auto shown = root.descriptor.digest;
  if (document_kind(root.json, root.descriptor.media_type) == DocumentKind::index) {
    const auto index = Index::parse(root.json, root.descriptor.media_type);
    if (const auto* entry = docker_entry(index)) shown = entry->digest;
  }
  for (const auto& document : documents) {
    if (document.descriptor.digest != shown) continue;
    if (document_kind(document.json, document.descriptor.media_type) == DocumentKind::index) continue;
    archive.set_docker_image(Manifest::parse(document.json, document.descriptor.media_type));
  }
  archive.add_more(more);
  archive.write(to, root.descriptor);
}

}  // namespace

std::string blob_path(const Digest& digest) {
  return fmt::format("blobs/{}/{}", digest.algorithm_name(), digest.hex());
}

ArchiveNames names_of_references(const std::vector<std::string>& references) {
  ArchiveNames names;
  for (const auto& text : references) {
    auto name = name_of_reference(text);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

ArchiveNames names_of_entry(const std::optional<std::string>& name) {
  return name ? ArchiveNames{name_of_entry(*name)} : ArchiveNames();
}

void write_hybrid_archive(const fs::path& file, const Image& image, ArchiveNames names, const std::stop_token& stop,
                          const std::vector<NamedDocument>& more) {
  write_image_to(file, image, std::move(names), stop, more);
}
void write_hybrid_archive(Sink& to, const Image& image, ArchiveNames names, const std::stop_token& stop) {
  write_image_to(to, image, std::move(names), stop, {});
}

void write_hybrid_archive(const fs::path& file, const ImageIndex& index, ArchiveNames names,
                          const std::stop_token& stop, const std::vector<NamedDocument>& more) {
  write_index_to(file, index, std::move(names), stop, more);
}
void write_hybrid_archive(Sink& to, const ImageIndex& index, ArchiveNames names, const std::stop_token& stop) {
  write_index_to(to, index, std::move(names), stop, {});
}

void write_hybrid_archive(const fs::path& file, const Document& root, ArchiveNames names, const std::stop_token& stop,
                          const std::vector<NamedDocument>& more) {
  write_document_to(file, root, std::move(names), stop, more);
}
void write_hybrid_archive(Sink& to, const Document& root, ArchiveNames names, const std::stop_token& stop) {
  write_document_to(to, root, std::move(names), stop, {});
}

}  // namespace ociassemble
