// SPDX-License-Identifier: Apache-2.0
#include "spec/descriptor_json.hpp"

#include <algorithm>

#include "base/text.hpp"
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

// OCI image specification, descriptor.md, "Digests".
bool is_of_unknown_algorithm(std::string_view digest) {
  const auto colon = digest.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == digest.size()) return false;
  const auto algorithm = digest.substr(0, colon);
  if (algorithm == "sha256" || algorithm == "sha512") return false;
  const auto is_small = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  bool was_separator = true;
  for (const char c : algorithm) {
    const bool is_separator = c == '+' || c == '.' || c == '_' || c == '-';
    if (!is_small(c) && (!is_separator || was_separator)) return false;
    was_separator = is_separator;
  }
  const auto encoded = digest.substr(colon + 1);
  return !was_separator && std::all_of(encoded.begin(), encoded.end(), [&](char c) {
    return is_letter_or_digit(c) || c == '=' || c == '_' || c == '-';
  });
}

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
