// SPDX-License-Identifier: Apache-2.0
#include "sign/simple_signing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/base64.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/manifest.hpp"
#include "sign/envelope.hpp"
#include "spec/json.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kPayloadKind = "cosign container image signature";
constexpr std::size_t kMostLayers = 1000;

// The image config that cosign writes beside such layers: none but their diff IDs, which are the payloads' digests.
std::string config_of(const std::vector<Descriptor>& layers) {
  std::vector<std::string> diff_ids;
  diff_ids.reserve(layers.size());
  for (const auto& layer : layers) diff_ids.push_back(layer.digest.to_string());
  JsonObjectWriter files;
  files.string("type", "layers");
  files.json("diff_ids", json_array_of_strings(diff_ids));
  JsonObjectWriter config;
  config.json("architecture", R"("")");
  config.json("os", R"("")");
  config.json("config", "{}");
  config.json("rootfs", files.finish());
  return config.finish();
}

}  // namespace

std::string simple_payload(const Digest& manifest, std::string_view repository) {
  JsonObjectWriter identity;
  identity.string("docker-reference", repository);
  JsonObjectWriter image;
  image.string("docker-manifest-digest", manifest.to_string());
  JsonObjectWriter critical;
  critical.json("identity", identity.finish());
  critical.json("image", image.finish());
  critical.string("type", kPayloadKind);
  JsonObjectWriter payload;
  payload.json("critical", critical.finish());
  payload.json("optional", "null");
  return payload.finish();
}

Digest parse_simple_payload(std::string_view json, std::string_view subject) {
  const auto value = parse_json(json, subject, {.size = kLargestSignature, .depth = 24, .values = 10000});
  const JsonView payload(value, subject);
  const auto critical = payload.at("critical");
  if (critical.at("type").string() != kPayloadKind) critical.at("type").refuse("is not that of an image's signature");
  const auto digest = critical.at("image").at("docker-manifest-digest");
  try {
    return Digest::parse(digest.string());
  } catch (const Error&) {
    digest.refuse("is no digest");
  }
}

Document add_simple_signature(const std::optional<Document>& existing, std::string_view payload,
                              const std::string& signature, const std::shared_ptr<BlobStore>& store,
                              const std::stop_token& stop) {
  auto layer = store->put(payload, kSimpleSigningType);
  layer.annotations.emplace(kSignatureAnnotation, encode_base64(signature));
  auto manifest =
      existing ? Manifest::parse(existing->json, existing->descriptor.media_type) : Manifest{.config = layer};
  if (existing) {
    const auto is_there = std::any_of(manifest.layers.begin(), manifest.layers.end(), [&](const Descriptor& one) {
      return one.digest == layer.digest && one.annotations == layer.annotations;
    });
    if (is_there) return *existing;
    if (manifest.layers.size() >= kMostLayers) {
      throw Error(ErrorCode::unsupported,
                  fmt::format("cannot add a signature to {}: it has {} already",
                              existing->descriptor.digest.to_string(), manifest.layers.size()),
                  "delete the tag and sign anew, or write --form bundle alone");
    }
    for (const auto& kept : manifest.layers) {
      if (kept.size <= kLargestSignature) copy_blob(*existing->blobs, kept, *store, stop);
    }
  }
  manifest.layers.push_back(std::move(layer));
  manifest.config = store->put(config_of(manifest.layers), "application/vnd.oci.image.config.v1+json");
  auto json = manifest.to_json();
  auto descriptor = store->put(json, manifest.media_type());
  return {std::move(descriptor), std::move(json), store};
}

}  // namespace ociassemble
