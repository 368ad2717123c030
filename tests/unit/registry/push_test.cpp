// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <thread>

#include "registry_support.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

bool is_whole(const FakeRegistry& registry, const std::string& repository, const std::string& tag, const Image& image) {
  for (const auto& layer : image.layers()) {
    if (!registry.has_blob(repository, layer.descriptor.digest.to_string())) return false;
  }
  return registry.has_blob(repository, image.manifest().config.digest.to_string()) &&
         registry.manifest(repository, tag) == image.manifest_json();
}

}  // namespace

TEST_CASE("a first push asks and sends no more than it has to, the tag last") {
  FakeRegistry registry;
  const auto image = image_of({"one layer"});
  RegistryClient client(fast_options());
  const auto pushed = client.push(image, at(registry, "team/app:v1"));
  CHECK(pushed.to_string() == fmt::format("{}/team/app:v1@{}", registry.host(), image.digest().to_string()));
  CHECK(is_whole(registry, "team/app", "v1", image));
  const auto requests = registry.requests();
  REQUIRE(requests.size() == 8);
  CHECK(requests.front() == "HEAD /v2/team/app/manifests/v1");
  CHECK(requests.back() == "PUT /v2/team/app/manifests/v1");
  CHECK(registry.count("HEAD", "/blobs/") == 2);
  CHECK(registry.count("POST") == 2);
  CHECK(uploads_to(registry) == 2);
  CHECK(registry.count("PATCH") == 0);
  CHECK(registry.open_sessions() == 0);
}

TEST_CASE("a second push of the same image is one HEAD") {
  FakeRegistry registry;
  const auto image = image_of({"one", "two"});
  RegistryClient(fast_options()).push(image, at(registry, "app:v1"));
  registry.clear_log();
  RegistryClient(fast_options()).push(image, at(registry, "app:v1"));
  CHECK(registry.requests() == std::vector<std::string>{"HEAD /v2/app/manifests/v1"});
}

TEST_CASE(
    "a changed layer costs three requests for itself and for the config, and one for each layer that did not change") {
  FakeRegistry registry;
  RegistryClient(fast_options()).push(image_of({text_of(100000), "app 1"}), at(registry, "app:v1"));
  registry.clear_log();
  const auto next = image_of({text_of(100000), "app 2"});
  RegistryClient(fast_options()).push(next, at(registry, "app:v1"));
  CHECK(is_whole(registry, "app", "v1", next));
  // The tag; HEAD of the known layer; HEAD, POST, PUT for the new one and for the config; the manifest.
  CHECK(registry.requests().size() == 9);
  std::size_t sent = 0;
  for (const auto& entry : registry.log()) sent += entry.received;
  CHECK(sent < 2000);
}

TEST_CASE("blobs that the registry turns out to lack are sent, and the manifest once more") {
  FakeRegistry registry;
  registry.add_fault({.method = "HEAD", .path = "/blobs/", .times = 2, .status = 200});
  const auto image = image_of({"one layer"});
  RegistryClient(fast_options()).push(image, at(registry, "app:v1"));
  CHECK(is_whole(registry, "app", "v1", image));
  CHECK(registry.count("PUT", "/manifests/v1") == 2);
  CHECK(uploads_to(registry) == 2);
}

TEST_CASE("a registry that does not see a blob for a moment is asked again, and nothing is sent twice") {
  FakeRegistry registry;
  // As docker-registry 2.8 says it while a blob's link is written anew.
  registry.add_fault({.method = "PUT",
                      .path = "/manifests/",
                      .status = 400,
                      .body = R"({"errors":[{"code":"DIGEST_INVALID","message":"provided digest did not match"},)"
                              R"({"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry"}]})"});
  const auto image = image_of({"one layer"});
  RegistryClient(fast_options()).push(image, at(registry, "app:v1"));
  CHECK(is_whole(registry, "app", "v1", image));
  CHECK(registry.count("HEAD", "/blobs/") == 4);
  CHECK(uploads_to(registry) == 2);
}

TEST_CASE("a registry that lacks a blob however often it is sent is an error") {
  FakeRegistry registry;
  registry.add_fault({.method = "PUT",
                      .path = "/manifests/",
                      .times = -1,
                      .status = 400,
                      .body = R"({"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry"}]})"});
  CHECK_THROWS_WITH_AS(
      RegistryClient(fast_options()).push(image_of({"one layer"}), at(registry, "app:v1")),
      doctest::Contains("the registry answered 400 (bad request): MANIFEST_BLOB_UNKNOWN: blob unknown to registry"),
      HttpError);
  CHECK(uploads_to(registry) == 2);
}

TEST_CASE("a layer that two images share is asked for and sent once by one client") {
  FakeRegistry registry;
  RegistryClient client(fast_options());
  client.push(image_of({"shared", "shared", "a"}), at(registry, "app:a"));
  client.push(image_of({"shared", "b"}), at(registry, "app:b"));
  const auto digest = Digest::of("shared").to_string();
  CHECK(registry.count("HEAD", "/blobs/" + digest) == 1);
}

TEST_CASE("a layer that the images of an index share is sent once, and between registries read once") {
  FakeRegistry first;
  FakeRegistry second;
  const auto index = index_of({image_of({"shared", "a"}), image_of({"shared", "b"}, "linux/arm64")});
  RegistryClient client(fast_options());
  client.push(index, at(first, "app:v1"));
  CHECK(first.count("POST") == 5);  // three layers, two configs
  CHECK(uploads_to(first) == 5);
  first.clear_log();
  client.push(client.open(at(first, "app:v1")), at(second, "copy:v1"));
  CHECK(first.count("GET", "/blobs/") == 5);
  CHECK(first.count("GET", "/blobs/" + Digest::of("shared").to_string()) == 1);
  CHECK(uploads_to(second) == 5);
  CHECK(second.manifest("copy", "v1") == index.json);
}

TEST_CASE("a layer that was pushed to one repository is mounted in the next") {
  FakeRegistry registry;
  RegistryClient client(fast_options());
  client.push(image_of({"shared", "a"}), at(registry, "one:v1"));
  registry.clear_log();
  client.push(image_of({"shared", "b"}), at(registry, "two:v1"));
  const auto shared = "mount=sha256%3a" + std::string(Digest::of("shared").hex());
  CHECK(registry.count("POST", shared + "&from=one") == 1);
  CHECK(uploads_to(registry) == 2);  // layer b and the config
}

TEST_CASE("a layer in another repository of the registry is mounted, never downloaded") {
  FakeRegistry registry;
  const auto base = image_of({text_of(200000)});
  seed(registry, "library/alpine", "3.20", base);
  RegistryClient client(fast_options());
  const auto pulled = open_image(client.open(at(registry, "library/alpine:3.20")), {});
  registry.clear_log();
  client.push(pulled, at(registry, "app:v1"));
  CHECK(is_whole(registry, "app", "v1", pulled));
  CHECK(registry.count("GET", "/blobs/") == 0);
  CHECK(registry.count("POST", "mount=sha256%3a" + std::string(Digest::of(text_of(200000)).hex()) +
                                   "&from=library%2falpine") == 1);
}

TEST_CASE("a mount that comes to nothing goes on in the session that it opened") {
  FakeRegistry registry;
  const auto base = image_of({text_of(200000)});
  seed(registry, "base", "1", base);
  registry.forbid_mounts();
  RegistryClient client(fast_options());
  const auto pulled = open_image(client.open(at(registry, "base:1")), {});
  client.push(pulled, at(registry, "app:v1"));
  CHECK(is_whole(registry, "app", "v1", pulled));
  CHECK(registry.count("POST") == 2);
}

TEST_CASE("a push into the repository where the layers are sends nothing of them") {
  FakeRegistry registry;
  const auto image = image_of({text_of(200000)});
  seed(registry, "app", "v1", image);
  RegistryClient client(fast_options());
  client.push(open_image(client.open(at(registry, "app:v1")), {}), at(registry, "app:v2"));
  CHECK(is_whole(registry, "app", "v2", image));
  CHECK(registry.count("POST") == 0);
  CHECK(registry.count("HEAD", "/blobs/" + image.layers()[0].descriptor.digest.to_string()) == 0);
  CHECK(registry.count("GET", "/blobs/" + image.layers()[0].descriptor.digest.to_string()) == 0);
}

TEST_CASE("layers of another registry are streamed through, and cuts on both sides mended") {
  FakeRegistry from;
  FakeRegistry to;
  const auto bytes = text_of(3000000);
  seed(from, "base", "1", image_of({bytes}));
  from.add_fault({.method = "GET", .path = "/blobs/" + Digest::of(bytes).to_string(), .cut_after = 700000});
  to.add_fault({.method = "PUT", .path = "upload", .times = 1, .cut_after = 1500000});
  RegistryClient client(fast_options());
  const auto image = open_image(client.open(at(from, "base:1")), {});
  client.push(image, at(to, "app:v1"));
  CHECK(is_whole(to, "app", "v1", image));
}

TEST_CASE("an index is pushed after its manifests, under its tag") {
  FakeRegistry registry;
  const auto amd = image_of({"shared", "amd"}, "linux/amd64");
  const auto arm = image_of({"shared", "arm"}, "linux/arm64");
  const auto index = index_of({amd, arm});
  RegistryClient client(fast_options());
  const auto pushed = client.push(index, at(registry, "app:v1"));
  CHECK(pushed.digest() == index.descriptor.digest);
  CHECK(registry.manifest("app", "v1") == index.json);
  CHECK(is_whole(registry, "app", amd.digest().to_string(), amd));
  CHECK(is_whole(registry, "app", arm.digest().to_string(), arm));
  CHECK(registry.requests().back() == "PUT /v2/app/manifests/v1");
  CHECK(registry.count("PUT", "/manifests/") == 3);
  registry.clear_log();
  client.push(index, at(registry, "app:v1"));
  CHECK(registry.requests().size() == 1);
}

TEST_CASE("an index that names what is not at hand is refused before anything is sent") {
  FakeRegistry registry;
  auto index = index_of({image_of({"a"}), image_of({"b"}, "linux/arm64")});
  index.images.pop_back();
  RegistryClient client(fast_options());
  CHECK(failure_of([&] { client.push(index, at(registry, "app:v1")); }).code == ErrorCode::not_found);
  CHECK(registry.count("POST") == 0);
  CHECK(registry.count("PUT") == 0);
}

TEST_CASE("a digest in the target must be the image's") {
  FakeRegistry registry;
  const auto image = image_of({"layer"});
  RegistryClient client(fast_options());
  const auto wrong = at(registry, "app@" + Digest::of("other").to_string());
  CHECK(failure_of([&] { client.push(image, wrong); }).code == ErrorCode::invalid_argument);
  CHECK(registry.log().empty());
  client.push(image, at(registry, "app@" + image.digest().to_string()));
  CHECK(is_whole(registry, "app", image.digest().to_string(), image));
}

TEST_CASE("a foreign layer is not pushed") {
  FakeRegistry registry;
  const auto store = make_memory_store();
  auto foreign = store->put("windows", media_type::kOciForeignLayer);
  foreign.urls = {"https://example.com/windows"};
  const auto image = Image::from_layers(
      ImageFormat::oci,
      {{foreign, Digest::of("windows"), store}, {store->put("mine", media_type::kOciLayer), Digest::of("mine"), store}},
      ImageConfig{.platform = Platform::parse("windows/amd64")}, {});
  RegistryClient(fast_options()).push(image, at(registry, "app:v1"));
  CHECK_FALSE(registry.has_blob("app", foreign.digest.to_string()));
  CHECK(registry.has_blob("app", Digest::of("mine").to_string()));
  CHECK(registry.manifest("app", "v1") == image.manifest_json());
}

TEST_CASE("a Location may be relative, and keeps its query") {
  FakeRegistry registry;
  registry.set_relative_locations();
  const auto image = image_of({"layer"});
  RegistryClient(fast_options()).push(image, at(registry, "app:v1"));
  CHECK(is_whole(registry, "app", "v1", image));
  CHECK(registry.count("PUT", "_state=secret%2Fstate&digest=sha256%3a") == 2);
}

TEST_CASE("progress tells the same story for each blob, one event at a time") {
  FakeRegistry registry;
  const auto image = image_of({text_of(2000000), "small"});
  std::map<std::string, std::vector<TransferEvent>> stories;
  auto options = fast_options();
  options.progress = [&](const TransferEvent& event) { stories[event.subject].push_back(event); };
  RegistryClient(options).push(image, at(registry, "app:v1"));
  REQUIRE(stories.size() == 3);
  const auto& story = stories.at("layer " + Digest::of(text_of(2000000)).to_string());
  REQUIRE(story.size() >= 3);
  CHECK(story.front().kind == TransferEvent::Kind::started);
  CHECK(story[story.size() - 2].kind == TransferEvent::Kind::progressed);
  CHECK(story[story.size() - 2].done == 2000000);
  CHECK(story.back().kind == TransferEvent::Kind::finished);
  CHECK(story.back().total == 2000000);
}

TEST_CASE("a stop ends a push") {
  FakeRegistry registry;
  std::stop_source stop;
  auto options = fast_options();
  options.progress = [&](const TransferEvent&) { stop.request_stop(); };
  RegistryClient client(options, stop.get_token());
  const auto failure = failure_of([&] { client.push(image_of({text_of(5000000)}), at(registry, "app:v1")); });
  CHECK(failure.code == ErrorCode::interrupted);
  CHECK_FALSE(registry.manifest("app", "v1").has_value());
}

TEST_CASE("many threads push through one client") {
  FakeRegistry registry;
  RegistryClient client(fast_options());
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      client.push(image_of({"shared", fmt::format("layer {}", i)}), at(registry, fmt::format("app{}:v1", i)));
    });
  }
  for (auto& thread : threads) thread.join();
  for (int i = 0; i < 6; ++i)
    CHECK(is_whole(registry, fmt::format("app{}", i), "v1", image_of({"shared", fmt::format("layer {}", i)})));
}
