// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <set>
#include <utility>

#include "digest/hasher.hpp"
#include "image/contents.hpp"
#include "layout/archive_blobs.hpp"
#include "layout/archive_files.hpp"
#include "layout/hybrid_archive.hpp"
#include "layout/in_context.hpp"
#include "layout/index_entries.hpp"
#include "layout/layout_referrers.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "spec/oci_layout_file.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

bool is_layout_path(std::string_view path) {
  return path == kLayoutFile || path == kIndexFile || path.starts_with("blobs/");
}

bool is_layout_or_manifest(std::string_view path) { return is_layout_path(path) || path == kDockerManifestFile; }

void require_file(const ArchiveFiles& files, const char* path) {
  if (files.contains(path)) return;
  const bool from_docker = files.contains(kDockerManifestFile);
  throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: not an OCI archive: no {} in it", files.name(), path),
              from_docker ? "it may be what docker save writes: docker-archive:FILE" : "");
}

// Says which blobs belong to the image, so that no others are unpacked.
void expect_contents(const Document& document, const ArchiveFiles& files) {
  if (!files.is_packed()) return;
  std::set<std::string> paths;
  try {
    for (const auto& one : all_documents(document, {})) {
      for (const auto& blob : contents_of(one).blobs) paths.insert(blob_path(blob.digest));
    }
  } catch (const Error&) {
    return;  // whoever reads it meets the error
  }
  files.expect(paths);
}

}  // namespace

std::unique_ptr<Source> ArchiveBlobs::open(const Descriptor& descriptor) {
  auto name = fmt::format("blob {} in {}", descriptor.digest.to_string(), files_.name());
  const auto path = blob_path(descriptor.digest);
  if (!files_.contains(path)) {
    throw Error(ErrorCode::not_found, fmt::format("cannot read {}: there is no such blob", name));
  }
  return std::make_unique<VerifyingSource>(files_.open(path), descriptor.digest, descriptor.size, std::move(name));
}

void write_oci_archive(const fs::path& file, const Image& image, const std::optional<std::string>& name,
                       const std::stop_token& stop, const std::vector<NamedDocument>& more) {
  write_hybrid_archive(file, image, names_of_entry(name), stop, more);
}

void write_oci_archive(const fs::path& file, const ImageIndex& index, const std::optional<std::string>& name,
                       const std::stop_token& stop, const std::vector<NamedDocument>& more) {
  write_hybrid_archive(file, index, names_of_entry(name), stop, more);
}

void write_oci_archive(const fs::path& file, const Document& root, const std::optional<std::string>& name,
                       const std::stop_token& stop, const std::vector<NamedDocument>& more) {
  write_hybrid_archive(file, root, names_of_entry(name), stop, more);
}

Document open_layout_in(const ArchiveFiles& files, const std::optional<std::string>& name) {
  require_file(files, kIndexFile);
  require_file(files, kLayoutFile);
  const auto index = in_context(files.name(), [&] {
    OciLayoutFile::parse(files.read(kLayoutFile, OciLayoutFile::kMaxSize));
    return Index::parse(files.read(kIndexFile, kMaxManifestSize));
  });
  auto blobs = std::make_shared<ArchiveBlobs>(files);
  const bool may_hold_referrers = !name && index.manifests.size() > 1;
  const auto entry = choose_entry(may_hold_referrers ? without_referrers(index, *blobs) : index, name,
                                  fmt::format("OCI archive {}", files.name()));
  auto json = BlobStore::read(*blobs, entry, kMaxManifestSize);
  Document document{.descriptor = entry, .json = std::move(json), .blobs = std::move(blobs)};
  expect_contents(document, files);
  return document;
}

Document open_oci_archive(const fs::path& file, const std::optional<std::string>& name, const std::stop_token& stop) {
  return open_layout_in(ArchiveFiles(file, is_layout_or_manifest, stop), name);
}

Document open_oci_archive_index(const fs::path& file, const std::stop_token& stop) {
  const ArchiveFiles files(file, is_layout_or_manifest, stop);
  require_file(files, kIndexFile);
  auto json = files.read(kIndexFile, kMaxManifestSize);
  Descriptor descriptor{
      .media_type = std::string(media_type::kOciIndex), .digest = Digest::of(json), .size = json.size()};
  return {std::move(descriptor), std::move(json), std::make_shared<ArchiveBlobs>(files)};
}

}  // namespace ociassemble
