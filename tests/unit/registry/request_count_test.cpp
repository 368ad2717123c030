// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "ociassemble/document.hpp"
#include "registry_support.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

// Methods and what they are about, sorted: blobs go up in parallel.
std::vector<std::string> kinds(const FakeRegistry& registry) {
  std::vector<std::string> lines;
  for (const auto& entry : registry.log()) {
    const bool manifest = entry.target.find("/manifests/") != std::string::npos;
    const bool token = entry.target.starts_with("/token");
    lines.push_back(entry.method + (token ? " token" : manifest ? " manifest" : " blob"));
  }
  std::ranges::sort(lines);
  return lines;
}

}  // namespace

TEST_CASE("a second push of the same image costs one request") {
  FakeRegistry registry;
  const auto image = image_of({"base", "app"});
  RegistryClient(fast_options()).push(image, at(registry, "app:v1"));
  registry.clear_log();
  RegistryClient(fast_options()).push(image, at(registry, "app:v1"));
  CHECK(registry.requests() == std::vector<std::string>{"HEAD /v2/app/manifests/v1"});
}

TEST_CASE("a second push of an index costs one request") {
  FakeRegistry registry;
  const auto index = index_of({image_of({"a"}), image_of({"b"}, "linux/arm64")});
  RegistryClient(fast_options()).push(index, at(registry, "app:v1"));
  registry.clear_log();
  RegistryClient(fast_options()).push(index, at(registry, "app:v1"));
  CHECK(registry.requests() == std::vector<std::string>{"HEAD /v2/app/manifests/v1"});
}

TEST_CASE("where one has to log in, a second push costs one request, its refusal and one token") {
  FakeRegistry registry(FakeAuth{.kind = FakeAuth::Kind::bearer});
  const auto image = image_of({"base", "app"});
  RegistryClient(options_for("alice", "correct horse")).push(image, at(registry, "app:v1"));
  registry.clear_log();
  RegistryClient(options_for("alice", "correct horse")).push(image, at(registry, "app:v1"));
  CHECK(kinds(registry) == std::vector<std::string>{"GET token", "HEAD manifest", "HEAD manifest"});
}

TEST_CASE("a push with one changed layer of a known base sends that layer and the config, and asks for nothing else") {
  FakeRegistry registry;
  seed(registry, "app", "base", image_of({"base 1", "base 2"}));
  RegistryClient client(fast_options());
  const auto base = open_image(client.open(at(registry, "app:base")), Platform::parse("linux/amd64"));
  const auto own = image_of({"changed"});
  std::vector<Layer> layers = base.layers();
  layers.push_back(own.layers()[0]);
  ImageConfig config;
  config.platform = Platform::parse("linux/amd64");
  const auto image = Image::from_layers(ImageFormat::oci, std::move(layers), std::move(config), {});
  registry.clear_log();
  client.push(image, at(registry, "app:v2"));
  CHECK(kinds(registry) == std::vector<std::string>{"HEAD blob", "HEAD blob", "HEAD manifest", "POST blob", "POST blob",
                                                    "PUT blob", "PUT blob", "PUT manifest"});
}
