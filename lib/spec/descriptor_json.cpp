// SPDX-License-Identifier: Apache-2.0
#include "spec/descriptor_json.hpp"

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

std::string non_empty_string(const JsonView& json) {
  if (json.string().empty()) json.refuse("is empty");
  return json.string();
}

// An empty object says as little as none, and is not written again.
std::optional<Platform> read_optional_platform(const JsonView& descriptor) {
  const auto json = descriptor.find("platform");
  if (!json) return std::nullopt;
  auto platform = read_platform(*json);
  if (platform == Platform{}) return std::nullopt;
  return platform;
}

}  // namespace

Digest read_digest(const JsonView& json) {
  const auto& text = json.string();
  try {
    return Digest::parse(text);
  } catch (const Error&) {
    json.refuse("is not a sha256 or sha512 digest");
  }
}

Platform read_platform(const JsonView& json) {
  return Platform{
      .os = json.find_string("os"),
      .architecture = json.find_string("architecture"),
      .variant = json.find_string("variant"),
      .os_version = json.find_string("os.version"),
      .os_features = json.find_strings("os.features"),
  };
}

void write_platform(const Platform& platform, JsonObjectWriter& writer) {
  writer.string("architecture", platform.architecture);
  writer.string("os", platform.os);
  writer.string("os.version", platform.os_version);
  writer.strings("os.features", platform.os_features);
  writer.string("variant", platform.variant);
}

Descriptor read_descriptor(const JsonView& json) {
  return Descriptor{
      .media_type = non_empty_string(json.at("mediaType")),
      .digest = read_digest(json.at("digest")),
      .size = json.at("size").size(),
      .urls = json.find_strings("urls"),
      .annotations = json.find_string_map("annotations"),
      .platform = read_optional_platform(json),
      .artifact_type = json.find_string("artifactType"),
  };
}

std::string write_descriptor(const Descriptor& descriptor) {
  JsonObjectWriter writer;
  writer.string("mediaType", descriptor.media_type);
  writer.string("digest", descriptor.digest.to_string());
  writer.json("size", std::to_string(descriptor.size));
  writer.strings("urls", descriptor.urls);
  writer.string_map("annotations", descriptor.annotations);
  if (descriptor.platform && *descriptor.platform != Platform{}) {
    JsonObjectWriter platform;
    write_platform(*descriptor.platform, platform);
    writer.json("platform", platform.finish());
  }
  writer.string("artifactType", descriptor.artifact_type);
  return writer.finish();
}

}  // namespace ociassemble
