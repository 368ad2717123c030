// SPDX-License-Identifier: Apache-2.0
#include "spec/docker_archive_manifest.hpp"

#include "ociassemble/manifest.hpp"
#include "spec/json.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {
namespace {

bool stays_inside(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) return false;
  while (true) {
    const auto slash = path.find('/');
    const auto component = path.substr(0, slash);
    if (component.empty() || component == "." || component == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

std::string read_path(const JsonView& json) {
  if (!stays_inside(json.string())) json.refuse("is not a path inside the archive");
  return json.string();
}

std::vector<std::string> read_layers(const JsonView& image) {
  std::vector<std::string> result;
  const auto json = image.find("Layers");
  if (!json) return result;
  for (const auto& element : json->elements()) result.push_back(read_path(element));
  return result;
}

}  // namespace

DockerArchiveManifest DockerArchiveManifest::parse(std::string_view json) {
  constexpr std::string_view kSubject = "manifest.json";
  const auto document = parse_json(json, kSubject, {.size = kMaxManifestSize});
  DockerArchiveManifest result;
  for (const auto& image : JsonView(document, kSubject).elements()) {
    result.images.push_back({
        .config = read_path(image.at("Config")),
        .repo_tags = image.find_strings("RepoTags"),
        .layers = read_layers(image),
    });
  }
  return result;
}

std::string DockerArchiveManifest::to_json() const {
  std::vector<std::string> elements;
  for (const auto& image : images) {
    JsonObjectWriter writer;
    writer.string("Config", image.config);
    writer.strings("RepoTags", image.repo_tags);
    writer.json("Layers", json_array_of_strings(image.layers));
    elements.push_back(writer.finish());
  }
  return json_array(elements);
}

}  // namespace ociassemble
