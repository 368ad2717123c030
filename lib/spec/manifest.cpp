// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "spec/descriptor_json.hpp"
#include "spec/json.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {
namespace {

[[noreturn]] void reject(ErrorCode code, std::string_view subject, std::string_view cause, std::string hint = {}) {
  throw Error(code, fmt::format("cannot parse {}: {}", subject, cause), std::move(hint));
}

[[noreturn]] void reject_schema1(std::string_view subject) {
  reject(ErrorCode::unsupported, subject, "Docker image manifest schema 1 is not supported",
         "the image is in a format given up in 2017: pull and push it again with a current tool");
}

bool is_schema1_type(std::string_view type) {
  return type == "application/vnd.docker.distribution.manifest.v1+json" ||
         type == "application/vnd.docker.distribution.manifest.v1+prettyjws";
}

// A Content-Type header without its parameters; empty for the types with which servers say that they do not know.
std::string said_type(std::string_view type) {
  std::string essence(type.substr(0, type.find(';')));
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  essence.erase(std::remove_if(essence.begin(), essence.end(), is_blank), essence.end());
  for (const auto* vague : {"application/json", "application/octet-stream", "text/plain"}) {
    if (essence == vague) return {};
  }
  return essence;
}

// The media type of the document, by what was said and what it says of itself; empty when neither says one.
std::string stated_type(const JsonView& root, std::string_view type, std::string_view subject) {
  const auto said = said_type(type);
  const auto own = root.find_string("mediaType");
  if (is_schema1_type(said) || is_schema1_type(own)) reject_schema1(subject);
  if (!said.empty() && !own.empty() && said != own) {
    reject(ErrorCode::corrupt, subject,
           fmt::format("its mediaType \"{}\" contradicts \"{}\"", printable(own), printable(said)));
  }
  return own.empty() ? said : own;
}

void check_schema_version(const JsonView& root, std::string_view subject) {
  const auto version = root.at("schemaVersion").size();
  if (version == 1) reject_schema1(subject);
  if (version != 2) reject(ErrorCode::corrupt, subject, fmt::format("schemaVersion is {} instead of 2", version));
}

// Documents that readers may take for both a manifest and an index are refused (CVE-2021-41190).
void check_absent(const JsonView& root, std::string_view member, std::string_view subject) {
  if (root.find(member)) reject(ErrorCode::corrupt, subject, fmt::format("it has a member \"{}\"", member));
}

[[noreturn]] void reject_type(std::string_view subject, std::string_view type) {
  reject(ErrorCode::corrupt, subject, fmt::format("its media type is \"{}\"", printable(type)));
}

// The required array; Go programs write an empty one as null.
std::vector<Descriptor> read_descriptors(const JsonView& root, std::string_view name) {
  std::vector<Descriptor> result;
  const auto json = root.find(name);
  if (!json && !root.contains(name)) root.at(name);
  if (!json) return result;
  for (const auto& element : json->elements()) result.push_back(read_descriptor(element));
  return result;
}

// Those that can be read go to `manifests`, the others to `unreadable`.
void read_entries(Index& index, const JsonView& root) {
  const auto json = root.find("manifests");
  if (!json && !root.contains("manifests")) root.at("manifests");
  if (!json) return;
  for (const auto& element : json->elements()) {
    const auto digest_member = element.at("digest");
    const auto& digest = digest_member.string();
    if (is_of_unknown_algorithm(digest)) {
      index.unreadable.push_back({element.at("mediaType").string(), digest, element.find_string_map("annotations")});
    } else {
      index.manifests.push_back(read_descriptor(element));
    }
  }
}

std::optional<Descriptor> read_subject(const JsonView& root) {
  const auto json = root.find("subject");
  if (!json) return std::nullopt;
  return read_descriptor(*json);
}

std::string write_descriptors(const std::vector<Descriptor>& descriptors) {
  std::vector<std::string> elements;
  elements.reserve(descriptors.size());
  for (const auto& descriptor : descriptors) elements.push_back(write_descriptor(descriptor));
  return json_array(elements);
}

JsonObjectWriter begin_document(std::string_view type, std::string_view artifact_type) {
  JsonObjectWriter writer;
  writer.json("schemaVersion", "2");
  writer.string("mediaType", type);
  writer.string("artifactType", artifact_type);
  return writer;
}

std::string end_document(JsonObjectWriter writer, const std::optional<Descriptor>& subject,
                         const Annotations& annotations) {
  if (subject) writer.json("subject", write_descriptor(*subject));
  writer.string_map("annotations", annotations);
  return writer.finish();
}

DocumentKind kind_by_members(const JsonView& root, std::string_view subject) {
  const bool manifest = root.find("config") || root.find("layers");
  if (manifest && root.find("manifests")) {
    reject(ErrorCode::corrupt, subject, "it has members of both a manifest and an index");
  }
  if (manifest) return DocumentKind::manifest;
  if (root.contains("manifests")) return DocumentKind::index;
  if (root.contains("fsLayers")) reject_schema1(subject);
  if (const auto version = root.find("schemaVersion"); version && version->size() == 1) reject_schema1(subject);
  reject(ErrorCode::corrupt, subject, "it is neither an image manifest nor an image index");
}

}  // namespace

Manifest Manifest::parse(std::string_view json, std::string_view type) {
  constexpr std::string_view kSubject = "manifest";
  const auto document = parse_json(json, kSubject, {.size = kMaxManifestSize});
  const JsonView root(document, kSubject);
  const auto stated = stated_type(root, type, kSubject);
  check_schema_version(root, kSubject);
  if (!stated.empty() && !is_manifest_type(stated)) reject_type(kSubject, stated);
  check_absent(root, "manifests", kSubject);
  auto config = read_descriptor(root.at("config"));
  const bool docker =
      stated == media_type::kDockerManifest || (stated.empty() && config.media_type == media_type::kDockerConfig);
  return Manifest{
      .format = docker ? ImageFormat::docker : ImageFormat::oci,
      .artifact_type = root.find_string("artifactType"),
      .config = std::move(config),
      .layers = read_descriptors(root, "layers"),
      .subject = read_subject(root),
      .annotations = root.find_string_map("annotations"),
  };
}

std::string Manifest::to_json() const {
  auto writer = begin_document(media_type(), artifact_type);
  writer.json("config", write_descriptor(config));
  writer.json("layers", write_descriptors(layers));
  return end_document(std::move(writer), subject, annotations);
}

Index Index::parse(std::string_view json, std::string_view type) {
  constexpr std::string_view kSubject = "index";
  const auto document = parse_json(json, kSubject, {.size = kMaxManifestSize});
  const JsonView root(document, kSubject);
  const auto stated = stated_type(root, type, kSubject);
  check_schema_version(root, kSubject);
  if (!stated.empty() && !is_index_type(stated)) reject_type(kSubject, stated);
  check_absent(root, "config", kSubject);
  check_absent(root, "layers", kSubject);
  Index index{
      .format = stated == media_type::kDockerIndex ? ImageFormat::docker : ImageFormat::oci,
      .artifact_type = root.find_string("artifactType"),
      .manifests = {},
      .subject = read_subject(root),
      .annotations = root.find_string_map("annotations"),
      .unreadable = {},
  };
  read_entries(index, root);
  return index;
}

std::string Index::to_json() const {
  auto writer = begin_document(media_type(), artifact_type);
  writer.json("manifests", write_descriptors(manifests));
  return end_document(std::move(writer), subject, annotations);
}

DocumentKind document_kind(std::string_view json, std::string_view type) {
  constexpr std::string_view kSubject = "image document";
  const auto said = said_type(type);
  if (is_manifest_type(said)) return DocumentKind::manifest;
  if (is_index_type(said)) return DocumentKind::index;
  if (is_schema1_type(said)) reject_schema1(kSubject);
  if (!said.empty()) reject_type(kSubject, said);
  const auto document = parse_json(json, kSubject, {.size = kMaxManifestSize});
  const JsonView root(document, kSubject);
  const auto own = stated_type(root, said, kSubject);
  if (is_manifest_type(own)) return DocumentKind::manifest;
  if (is_index_type(own)) return DocumentKind::index;
  if (!own.empty()) reject_type(kSubject, own);
  return kind_by_members(root, kSubject);
}

}  // namespace ociassemble
