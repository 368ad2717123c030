// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "ociassemble/document.hpp"
#include "ociassemble/layout.hpp"

namespace ociassemble {

// Where `docker save` says what is in its archive.
inline constexpr const char* kDockerManifestFile = "manifest.json";

// "blobs/sha256/HEX", in a layout.
std::string blob_path(const Digest& digest);

// One name of an image in an archive.
struct ArchiveName {
  std::string entry;  // org.opencontainers.image.ref.name, by which skopeo finds it
  std::string full;   // "docker.io/team/app:v1", by which engines call it; empty where it is not known

  bool operator==(const ArchiveName&) const = default;
};
using ArchiveNames = std::vector<ArchiveName>;

// Of references, each once: the tag, and the reference. Throws Error{invalid_argument}.
ArchiveNames names_of_references(const std::vector<std::string>& references);
// Of an entry's name as it is; where that is a reference engines call the image so.
ArchiveNames names_of_entry(const std::optional<std::string>& name);

// The one form of archive that we write, which every engine loads: an OCI image layout in a tar file, and docker's
// manifest.json over the same blobs. Of an index manifest.json has the image for linux/amd64, else the first; what
// cannot be in it (an artifact, an image that lacks a foreign layer) leaves it out. `more` are further entries of
// index.json. Throws as write_archive().
void write_hybrid_archive(const std::filesystem::path& file, const Image& image, ArchiveNames names,
                          const std::stop_token& stop, const std::vector<NamedDocument>& more = {});
void write_hybrid_archive(const std::filesystem::path& file, const ImageIndex& index, ArchiveNames names,
                          const std::stop_token& stop, const std::vector<NamedDocument>& more = {});
void write_hybrid_archive(const std::filesystem::path& file, const Document& root, ArchiveNames names,
                          const std::stop_token& stop, const std::vector<NamedDocument>& more = {});

// The same bytes into a sink.
void write_hybrid_archive(Sink& to, const Image& image, ArchiveNames names, const std::stop_token& stop);
void write_hybrid_archive(Sink& to, const ImageIndex& index, ArchiveNames names, const std::stop_token& stop);
void write_hybrid_archive(Sink& to, const Document& root, ArchiveNames names, const std::stop_token& stop);

}  // namespace ociassemble
