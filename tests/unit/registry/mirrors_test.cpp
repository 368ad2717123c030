// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "registry_support.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

RegistryMirror mirror_at(const FakeRegistry& mirror, const std::string& of = {}, const std::string& path = {}) {
  return {of, "http://" + mirror.host() + path};
}

// A registry and a mirror of it, both with app:v1.
struct Pair {
  Pair() {
    seed(registry, "app", "v1", image_of({"layer"}));
    seed(mirror, "app", "v1", image_of({"layer"}));
    options.mirrors = {mirror_at(mirror)};
    options.warn = [this](const std::string& line) { warnings.push_back(line); };
  }
  std::string pull() {
    RegistryClient client(options);
    return pull_layer(client, at(registry, "app:v1"));
  }
  FakeRegistry registry;
  FakeRegistry mirror;
  RegistryOptions options = fast_options();
  std::vector<std::string> warnings;
};

}  // namespace

TEST_CASE("a mirror is asked under its prefix, and the registry not at all") {
  Pair pair;
  seed(pair.mirror, "cache/hub/app", "v1", image_of({"layer"}));
  pair.options.mirrors = {mirror_at(pair.mirror, pair.registry.host(), "/cache/hub/")};
  CHECK(pair.pull() == "layer");
  CHECK(pair.registry.log().empty());
  CHECK(pair.mirror.requests().front() == "GET /v2/cache/hub/app/manifests/v1");
  CHECK(pair.mirror.count("GET", "/v2/cache/hub/app/blobs/") == 1);
}

TEST_CASE("mirrors are asked in their order, and those of another registry never") {
  Pair pair;
  FakeRegistry empty;
  FakeRegistry foreign;
  seed(foreign, "app", "v1", image_of({"layer"}));
  pair.options.mirrors = {mirror_at(foreign, "docker.io"), mirror_at(empty), mirror_at(pair.mirror)};
  CHECK(pair.pull() == "layer");
  CHECK(foreign.log().empty());
  CHECK(empty.requests() == std::vector<std::string>{"GET /v2/app/manifests/v1"});
  CHECK(pair.registry.log().empty());
}

TEST_CASE("what a mirror has not is pulled from the registry without a word, and a mirror in trouble is warned about") {
  for (const int status : {404, 401, 403, 500, 503}) {
    CAPTURE(status);
    Pair pair;
    pair.mirror.add_fault({.path = "/manifests/", .times = -1, .status = status});
    CHECK(pair.pull() == "layer");
    CHECK(pair.mirror.requests().size() == (status >= 500 ? 2 : 1));
    CHECK(pair.warnings.size() == (status == 404 ? 0 : 1));
    CHECK(pair.registry.count("GET", "/manifests/") == 1);
  }
}

TEST_CASE("a blob that a mirror does not give comes from the registry") {
  const auto layer = Digest::of("layer").to_string();
  for (const int status : {404, 500}) {
    CAPTURE(status);
    Pair pair;
    pair.mirror.add_fault({.path = layer, .times = -1, .status = status});
    CHECK(pair.pull() == "layer");
    CHECK(pair.registry.requests() == std::vector<std::string>{"GET /v2/app/blobs/" + layer});
  }
}

TEST_CASE("a mirror that gives another manifest for a digest is passed over") {
  Pair pair;
  pair.mirror.add_fault({.path = "/manifests/", .times = -1, .wrong_bytes = true});
  RegistryClient client(pair.options);
  const auto digest = image_of({"layer"}).digest();
  CHECK(client.open(at(pair.registry, "app@" + digest.to_string())).descriptor.digest == digest);
  CHECK(pair.warnings.size() == 1);
}

TEST_CASE("wrong bytes of a mirror's blob are never taken for right ones") {
  Pair pair;
  pair.mirror.add_fault({.path = Digest::of("layer").to_string(), .times = -1, .wrong_bytes = true});
  CHECK(failure_of([&] { pair.pull(); }).code == ErrorCode::corrupt);
}

TEST_CASE("a mirror gets the credentials that a file has for its host, and never those of the registry") {
  const FakeAuth basic{.kind = FakeAuth::Kind::basic, .username = "bob", .password = "battery staple"};
  FakeRegistry registry(FakeAuth{.kind = FakeAuth::Kind::basic});
  FakeRegistry known(basic);
  FakeRegistry unknown(basic);
  for (auto* each : {&registry, &known, &unknown}) seed(*each, "app", "v1", image_of({"layer"}));
  const TestFolder folder;
  folder.write("config.json",
               fmt::format(R"({{"auths":{{"{}":{{"auth":"Ym9iOmJhdHRlcnkgc3RhcGxl"}}}}}})", known.host()));
  for (auto* mirror : {&unknown, &known}) {
    auto options = options_for("alice", "correct horse");
    options.mirrors = {mirror_at(*mirror)};
    ::setenv("DOCKER_CONFIG", folder.path().c_str(), 1);
    RegistryClient client(options);
    CHECK(pull_layer(client, at(registry, "app:v1")) == "layer");
    forget_environment();
  }
  for (const auto& entry : unknown.log()) CHECK(entry.authorization.empty());
  CHECK(known.count("GET", "/blobs/") == 1);
  for (const auto& entry : known.log())
    CHECK((entry.authorization.empty() || entry.authorization == "Basic Ym9iOmJhdHRlcnkgc3RhcGxl"));
  CHECK(registry.count("GET", "/blobs/") == 1);  // of the first pull
}

TEST_CASE("a mirror is never pushed to") {
  Pair pair;
  RegistryClient client(pair.options);
  client.push(image_of({"another"}), at(pair.registry, "app:v2"));
  CHECK(pair.mirror.log().empty());
}
