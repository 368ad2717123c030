// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "ociassemble/document.hpp"
#include "registry_support.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

constexpr std::uint64_t kSmall = 1000;

// What a build does: `old_layers` are there before, and "app" is new.
struct Build {
  explicit Build(std::vector<Layer> old_layers) : others(old_layers), fresh(image_of({"app"}).layers()[0]) {
    old_layers.push_back(fresh);
    ImageConfig config;
    config.platform = Platform::parse("linux/amd64");
    image.emplace(Image::from_layers(ImageFormat::oci, std::move(old_layers), std::move(config), {}));
  }

  void expect(RegistryClient& client, const Reference& target) const {
    client.expect_push(target);
    client.expect_layers(others);
    client.expect_new_layer(kSmall);
    client.add_new_layer(fresh.descriptor.digest);
  }

  std::vector<Layer> others;
  Layer fresh;
  std::optional<Image> image;
};

// Uploads lie where the registry's personality has them.
std::vector<std::string> sorted_requests(const FakeRegistry& registry) {
  auto requests = registry.requests();
  for (auto& request : requests) {
    if (request.starts_with("POST ") || (request.starts_with("PUT ") && !request.ends_with("/manifests/v1")))
      request.replace(request.find(' '), std::string::npos, " upload");
  }
  std::ranges::sort(requests);
  return requests;
}

}  // namespace

TEST_CASE("what a push will need is asked for ahead, once, and of a new layer nothing is asked") {
  FakeRegistry registry;
  const auto base = image_of({"base"});
  seed(registry, "app", "base", base);
  const Build build(base.layers());
  {
    RegistryClient client(fast_options());
    build.expect(client, at(registry, "app:v1"));
    client.push(*build.image, at(registry, "app:v1"));
  }
  CHECK(sorted_requests(registry) ==
        std::vector<std::string>{"HEAD /v2/app/blobs/" + base.layers()[0].descriptor.digest.to_string(),
                                 "HEAD /v2/app/manifests/v1", "POST upload", "POST upload", "PUT /v2/app/manifests/v1",
                                 "PUT upload", "PUT upload"});
  CHECK(registry.manifest("app", "v1") == build.image->manifest_json());
  CHECK(registry.open_sessions() == 0);
}

TEST_CASE("a push that was expected and is of what is there already costs one request") {
  FakeRegistry registry;
  const auto image = image_of({"base", "app"});
  seed(registry, "app", "v1", image);
  RegistryClient client(fast_options());
  client.expect_push(at(registry, "app:v1"));
  client.expect_layers(image.layers());
  client.push(image, at(registry, "app:v1"));
  CHECK(registry.requests() == std::vector<std::string>{"HEAD /v2/app/manifests/v1"});
}

TEST_CASE("a second push asks again what the tag is") {
  FakeRegistry registry;
  const auto first = image_of({"one"});
  const auto second = image_of({"two"});
  seed(registry, "app", "v1", first);
  RegistryClient client(fast_options());
  client.expect_push(at(registry, "app:v1"));
  client.push(first, at(registry, "app:v1"));
  seed(registry, "app", "v1", second);  // somebody else's
  client.push(first, at(registry, "app:v1"));
  CHECK(registry.manifest("app", "v1") == first.manifest_json());
}

TEST_CASE("uploads that no push takes are given back") {
  FakeRegistry registry;
  {
    RegistryClient client(fast_options());
    client.expect_push(at(registry, "app:v1"));
    client.expect_new_layer(kSmall);
  }
  CHECK(registry.count("POST", "/blobs/uploads/") == 2);
  CHECK(registry.count("DELETE") == 2);
  CHECK(registry.open_sessions() == 0);
}

TEST_CASE("uploads that were opened before the base was known are those of the layer and the config") {
  FakeRegistry registry;
  const Build build({});
  {
    RegistryClient client(fast_options());
    CHECK_FALSE(client.is_push_expected());
    client.expect_push(at(registry, "app:v1"));
    CHECK(client.is_push_expected());
    client.expect_uploads(kSmall);
    client.expect_new_layer(kSmall);
    client.add_new_layer(build.fresh.descriptor.digest);
    client.push(*build.image, at(registry, "app:v1"));
  }
  CHECK(registry.count("POST", "/blobs/uploads/") == 2);
  CHECK(registry.count("DELETE") == 0);
  CHECK(registry.manifest("app", "v1") == build.image->manifest_json());
}

TEST_CASE("a layer that is read from the repository itself is not asked for") {
  FakeRegistry registry;
  seed(registry, "app", "base", image_of({"base"}));
  RegistryClient client(fast_options());
  const auto base = open_image(client.open(at(registry, "app:base")), Platform::parse("linux/amd64"));
  const Build build(base.layers());
  build.expect(client, at(registry, "app:v1"));
  client.push(*build.image, at(registry, "app:v1"));
  CHECK(registry.count("HEAD", "/blobs/") == 0);
}

TEST_CASE("what goes wrong ahead is met again by the push") {
  for (const auto& fault : std::vector<Fault>{{.method = "HEAD", .path = "/manifests/", .status = 400},
                                              {.method = "HEAD", .path = "/blobs/", .status = 400},
                                              {.method = "POST", .times = 2, .status = 400},
                                              {.method = "POST", .times = 2, .without = {"Location"}},
                                              {.method = "PUT", .path = "/uploads/", .lose_session = true}}) {
    FakeRegistry registry;
    const auto base = image_of({"base"});
    seed(registry, "other", "base", base);
    const Build build(base.layers());
    registry.add_fault(fault);
    RegistryClient client(fast_options());
    build.expect(client, at(registry, "app:v1"));
    // The faults are for these two, not for those of the push.
    while (registry.count("POST") < 2) std::this_thread::yield();
    client.push(*build.image, at(registry, "app:v1"));
    CHECK(registry.manifest("app", "v1") == build.image->manifest_json());
  }
}

TEST_CASE("a blob that was there when it was asked for ahead, and is gone, is sent") {
  FakeRegistry registry;
  const auto base = image_of({"base"});
  const Build build(base.layers());
  registry.add_fault({.method = "HEAD", .path = "/blobs/", .status = 200});
  RegistryClient client(fast_options());
  build.expect(client, at(registry, "app:v1"));
  client.push(*build.image, at(registry, "app:v1"));
  CHECK(registry.manifest("app", "v1") == build.image->manifest_json());
}

TEST_CASE("a refusal is told by the push, not by what was asked ahead") {
  FakeRegistry registry(FakeAuth{.kind = FakeAuth::Kind::bearer});
  const auto image = image_of({"app"});
  RegistryClient client(options_for("alice", "wrong"));
  client.expect_push(at(registry, "app:v1"));
  client.expect_new_layer(kSmall);
  const auto failure = failure_of([&] { client.push(image, at(registry, "app:v1")); });
  CHECK(failure.code == ErrorCode::unauthorized);
}
