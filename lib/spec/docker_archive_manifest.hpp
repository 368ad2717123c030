// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// One image of an archive as `docker save` writes it.
struct DockerArchiveImage {
  std::string config;                  // path in the archive: "HEX.json", "blobs/sha256/HEX"
  std::vector<std::string> repo_tags;  // "app:v1", "127.0.0.1:5000/app:v1"; may be empty
  std::vector<std::string> layers;     // paths in the archive, the lowest layer first

  bool operator==(const DockerArchiveImage&) const = default;
};

// The archive's "manifest.json": moby, image/tarexport, manifestItem.
struct DockerArchiveManifest {
  std::vector<DockerArchiveImage> images;

  // All paths are relative, without ".." and empty components. Throws Error{corrupt} for anything else, bad JSON and
  // wrongly typed members.
  static DockerArchiveManifest parse(std::string_view json);
  // Compact; Config, RepoTags (left out when empty), Layers. Throws Error{invalid_argument} for text that is not UTF-8.
  std::string to_json() const;

  bool operator==(const DockerArchiveManifest&) const = default;
};

}  // namespace ociassemble
