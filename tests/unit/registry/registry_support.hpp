// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdlib.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fake_registry.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/image.hpp"
#include "ociassemble/manifest.hpp"
#include "ociassemble/registry.hpp"

namespace ociassemble::test {

// No test sees the credentials and proxies of whoever runs it.
inline void forget_environment() {
  for (const char* name : {"DOCKER_CONFIG", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "HOME"})
    ::setenv(name, "/nonexistent", 1);
  for (const char* name : {"REGISTRY_AUTH_FILE", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"})
    ::unsetenv(name);
}

// Options with delays that nobody notices.
inline RegistryOptions fast_options() {
  forget_environment();
  RegistryOptions options;
  options.first_delay = std::chrono::milliseconds(1);
  options.plain_http = FakeRegistry::hosts();
  return options;
}

inline RegistryOptions options_for(const std::string& username, const std::string& password) {
  auto options = fast_options();
  options.credentials_registry = "*";
  options.username = username;
  options.password = password;
  return options;
}

inline Reference at(const FakeRegistry& registry, const std::string& name) {
  return Reference::parse(registry.host() + "/" + name);
}

// An image of layers with these bytes, in memory; what the bytes are does not matter to a registry.
inline Image image_of(const std::vector<std::string>& layers, const std::string& platform = "linux/amd64") {
  const auto store = make_memory_store();
  std::vector<Layer> made;
  for (const auto& bytes : layers) made.push_back({store->put(bytes, media_type::kOciLayer), Digest::of(bytes), store});
  ImageConfig config;
  config.platform = Platform::parse(platform);
  return Image::from_layers(ImageFormat::oci, std::move(made), std::move(config), {});
}

inline ImageIndex index_of(std::vector<Image> images) {
  Index index;
  for (const auto& image : images) index.manifests.push_back(image.descriptor());
  auto json = index.to_json();
  Descriptor descriptor{.media_type = std::string(index.media_type()), .digest = Digest::of(json), .size = json.size()};
  return {std::move(descriptor), std::move(json), std::move(index), std::move(images)};
}

// Puts an image into the fake as another client would; returns its manifest's digest.
inline std::string seed(FakeRegistry& registry, const std::string& repository, const std::string& tag,
                        const Image& image) {
  for (const auto& layer : image.layers())
    registry.put_blob(repository, BlobStore::read(*layer.blobs, layer.descriptor, std::size_t{1} << 30U));
  registry.put_blob(repository, image.config_json());
  return registry.put_manifest(repository, tag, std::string(image.manifest().media_type()), image.manifest_json());
}

// Contents that were sent to upload sessions, wherever the registry has those.
inline std::size_t uploads_to(const FakeRegistry& registry) {
  return registry.count("PUT") - registry.count("PUT", "/manifests/");
}

// The bytes of the image's first layer.
inline std::string pull_layer(RegistryClient& client, const Reference& reference) {
  const auto document = client.open(reference);
  const auto manifest = Manifest::parse(document.json, document.descriptor.media_type);
  return BlobStore::read(*document.blobs, manifest.layers.at(0), std::size_t{1} << 30U);
}

struct Failure {
  ErrorCode code = ErrorCode::io;
  int status = 0;
  std::string message;
  std::string hint;
};

// What `action` throws; a test that gets nothing fails by the code.
inline Failure failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const HttpError& error) {
    return {error.code(), error.status(), error.what(), error.hint()};
  } catch (const Error& error) {
    return {error.code(), 0, error.what(), error.hint()};
  }
  return {ErrorCode::check_failed, 0, "nothing was thrown", {}};
}

inline std::string text_of(size_t size, char first = 'a') {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(static_cast<std::size_t>(first) + i * 7 % 23);
  return text;
}

}  // namespace ociassemble::test
