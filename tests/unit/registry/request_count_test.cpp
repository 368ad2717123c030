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

// Like an SBOM of `subject`, as `attach` and `build --sbom` make them.
Document sbom_of(const Descriptor& subject, const std::string& bytes) {
  const auto store = make_memory_store();
  const Manifest manifest{.artifact_type = "application/spdx+json",
                          .config = store->put("{}", "application/vnd.oci.empty.v1+json"),
                          .layers = {store->put(bytes, "application/spdx+json")},
                          .subject = subject};
  auto json = manifest.to_json();
  auto descriptor = store->put(json, media_type::kOciManifest);
  return {std::move(descriptor), std::move(json), store};
}

std::string manifest_at(const std::string& identifier) { return "/v2/app/manifests/" + identifier; }

// Requests that write, in their order.
std::vector<std::string> writes(const FakeRegistry& registry) {
  std::vector<std::string> lines;
  for (const auto& entry : registry.log()) {
    if (entry.method == "PUT" && entry.target.find("/manifests/") != std::string::npos) lines.push_back(entry.target);
  }
  return lines;
}

}  // namespace

TEST_CASE("each referrer costs a POST, a PUT and a manifest, and the empty config is sent once") {
  FakeRegistry registry;
  registry.list_referrers();
  const auto image = image_of({"base", "app"});
  RegistryClient(fast_options()).push(image, at(registry, "app:v1"));
  const auto without = kinds(registry).size();
  const std::vector<Document> one{sbom_of(image.descriptor(), "one")};
  auto three = one;
  three.push_back(sbom_of(image.descriptor(), "two"));
  three.push_back(sbom_of(image.descriptor(), "three"));
  std::size_t costs[2] = {};
  for (const auto* referrers : {&one, static_cast<const std::vector<Document>*>(&three)}) {
    FakeRegistry fresh;
    fresh.list_referrers();
    RegistryClient(fast_options()).push(image, at(fresh, "app:v1"), *referrers);
    costs[referrers == &one ? 0 : 1] = kinds(fresh).size();
    CHECK(fresh.count("POST", "/blobs/uploads/") == 3 + 1 + referrers->size());
  }
  // The image's manifest by its digest before the tag, and HEAD, POST and PUT of the empty config.
  CHECK(costs[0] == without + 1 + 3 + 3);
  CHECK(costs[1] == costs[0] + 2 * 3);
}

TEST_CASE("a push puts the image, then what refers to it, then the tag") {
  FakeRegistry registry;
  registry.list_referrers();
  const auto image = image_of({"app"});
  const auto sbom = sbom_of(image.descriptor(), "sbom");
  RegistryClient(fast_options()).push(image, at(registry, "app:v1"), {sbom});
  CHECK(writes(registry) == std::vector<std::string>{manifest_at(image.digest().to_string()),
                                                     manifest_at(sbom.descriptor.digest.to_string()),
                                                     manifest_at("v1")});
  // Of an index the images have digests only, and the index refers to nothing that is not there.
  FakeRegistry other;
  other.list_referrers();
  const auto index = index_of({image_of({"a"}), image_of({"b"}, "linux/arm64")});
  const std::vector<Document> both{sbom_of(index.images[0].descriptor(), "a"),
                                   sbom_of(index.images[1].descriptor(), "b")};
  RegistryClient(fast_options()).push(index, at(other, "app:v1"), both);
  // Both images at once, and both SBOMs.
  auto written = writes(other);
  REQUIRE(written.size() == 5);
  std::sort(written.begin(), written.begin() + 2);
  std::sort(written.begin() + 2, written.begin() + 4);
  const auto sorted = [](std::vector<std::string> digests) {
    for (auto& digest : digests) digest = manifest_at(digest);
    std::sort(digests.begin(), digests.end());
    return digests;
  };
  const auto images = sorted({index.images[0].digest().to_string(), index.images[1].digest().to_string()});
  const auto sboms = sorted({both[0].descriptor.digest.to_string(), both[1].descriptor.digest.to_string()});
  CHECK(written == std::vector<std::string>{images[0], images[1], sboms[0], sboms[1], manifest_at("v1")});
}

TEST_CASE("what has to be done before the tag is done once, when all else is there; where it fails, the tag stays") {
  FakeRegistry registry;
  registry.list_referrers();
  const auto image = image_of({"app"});
  const std::vector<Document> referrers{sbom_of(image.descriptor(), "sbom")};
  const auto fail = [] { throw Error(ErrorCode::unauthorized, "no signature"); };
  CHECK_THROWS_WITH_AS(RegistryClient(fast_options()).push(image, at(registry, "app:v1"), referrers, fail),
                       "no signature", Error);
  CHECK_FALSE(registry.manifest("app", "v1").has_value());
  int calls = 0;
  const auto check = [&] {
    ++calls;
    CHECK(registry.manifest("app", referrers[0].descriptor.digest.to_string()).has_value());
    CHECK(registry.manifest("app", "v1").has_value() == (calls > 1));
  };
  // Also where nothing is to be sent, and for a digest.
  RegistryClient(fast_options()).push(image, at(registry, "app:v1"), referrers, check);
  RegistryClient(fast_options()).push(image, at(registry, "app:v1"), referrers, check);
  CHECK(calls == 2);
  CHECK(registry.manifest("app", "v1").has_value());
  const auto index = index_of({image_of({"a"}), image_of({"b"}, "linux/arm64")});
  RegistryClient(fast_options()).push(index, at(registry, "app").with_digest(index.descriptor.digest), {}, [&] {
    ++calls;
  });
  CHECK(calls == 3);
}

TEST_CASE("an unchanged push with referrers asks for the tag and for each of them, and sends nothing") {
  FakeRegistry registry;
  registry.list_referrers();
  const auto image = image_of({"base", "app"});
  const std::vector<Document> referrers{sbom_of(image.descriptor(), "one"), sbom_of(image.descriptor(), "two")};
  RegistryClient(fast_options()).push(image, at(registry, "app:v1"), referrers);
  registry.clear_log();
  RegistryClient(fast_options()).push(image, at(registry, "app:v1"), referrers);
  auto requests = registry.requests();
  REQUIRE(requests.size() == 3);
  std::vector<std::string> expected{"HEAD " + manifest_at(referrers[0].descriptor.digest.to_string()),
                                    "HEAD " + manifest_at(referrers[1].descriptor.digest.to_string())};
  CHECK(requests.front() == "HEAD /v2/app/manifests/v1");
  CHECK(std::is_permutation(requests.begin() + 1, requests.end(), expected.begin(), expected.end()));
}

TEST_CASE("where there is no referrers API, listing one takes three requests more, and none when nothing changed") {
  const auto image = image_of({"app"});
  const std::vector<Document> referrers{sbom_of(image.descriptor(), "sbom")};
  FakeRegistry with;
  with.list_referrers();
  RegistryClient(fast_options()).push(image, at(with, "app:v1"), referrers);
  FakeRegistry without{Personality{}};
  RegistryClient(fast_options()).push(image, at(without, "app:v1"), referrers);
  CHECK(without.requests().size() == with.requests().size() + 3);
  const auto tag = "sha256-" + std::string(image.digest().hex());
  // Read, written, and read once more, so that another writer's change is not lost.
  CHECK(without.count("GET", tag) == 2);
  CHECK(without.count("PUT", tag) == 1);
  without.clear_log();
  RegistryClient(fast_options()).push(image, at(without, "app:v1"), referrers);
  CHECK(without.requests().size() == 2);
  CHECK(without.count("PUT") == 0);
}

TEST_CASE("where there is no referrers API, all of one image are listed by three requests, in their order") {
  const auto image = image_of({"app"});
  std::vector<Document> referrers;
  for (const char* name : {"one", "two", "three", "four"}) referrers.push_back(sbom_of(image.descriptor(), name));
  // One that refers to a referrer comes after it.
  referrers.push_back(sbom_of(referrers.front().descriptor, "nested"));
  FakeRegistry registry{Personality{}};
  RegistryClient client(fast_options());
  client.push(image, at(registry, "app:v1"), referrers);
  const auto tag = "sha256-" + std::string(image.digest().hex());
  CHECK(registry.count("GET", tag) == 2);
  CHECK(registry.count("PUT", tag) == 1);
  const auto listed = client.referrers(at(registry, "app"), image.digest());
  REQUIRE(listed.size() == 4);
  for (std::size_t i = 0; i < listed.size(); ++i) CHECK(listed[i].digest == referrers[i].descriptor.digest);
  CHECK(client.referrers(at(registry, "app"), referrers.front().descriptor.digest).size() == 1);
}

TEST_CASE("a push that was broken off before its tag lists what it had sent already") {
  FakeRegistry registry{Personality{}};
  const auto image = image_of({"app"});
  const std::vector<Document> referrers{sbom_of(image.descriptor(), "sbom")};
  const auto tag = "sha256-" + std::string(image.digest().hex());
  registry.add_fault({.method = "PUT", .path = tag, .status = 403});
  CHECK_THROWS_AS(RegistryClient(fast_options()).push(image, at(registry, "app:v1"), referrers), HttpError);
  CHECK_FALSE(registry.manifest("app", "v1").has_value());
  RegistryClient client(fast_options());
  client.push(image, at(registry, "app:v1"), referrers);
  CHECK(client.referrers(at(registry, "app"), image.digest()).size() == 1);
  CHECK(registry.manifest("app", "v1").has_value());
}

TEST_CASE("a plan with referrers has as many requests as the push") {
  const auto image = image_of({"base", "app"});
  const std::vector<Document> referrers{sbom_of(image.descriptor(), "one"), sbom_of(image.descriptor(), "two")};
  FakeRegistry registry;
  registry.list_referrers();
  for (int turn = 0; turn < 2; ++turn) {
    const auto plan = RegistryClient(fast_options()).plan(image, at(registry, "app:v1"), referrers);
    CHECK(registry.count("POST") + registry.count("PUT") == 0);
    registry.clear_log();
    RegistryClient(fast_options()).push(image, at(registry, "app:v1"), referrers);
    CHECK(registry.requests().size() == plan.requests);
    registry.clear_log();
  }
}

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
