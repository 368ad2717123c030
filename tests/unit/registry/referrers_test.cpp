// SPDX-License-Identifier: Apache-2.0
// What refers to a manifest, by the API of OCI 1.1 and by the tag where there is none.
#include <doctest/doctest.h>

#include <set>

#include "registry_support.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

// A manifest of one blob that refers to `subject`.
Document artifact(const std::string& type, const std::string& bytes, const Descriptor& subject) {
  const auto store = make_memory_store();
  const Manifest manifest{.artifact_type = type,
                          .config = store->put("{}", "application/vnd.oci.empty.v1+json"),
                          .layers = {store->put(bytes, "application/octet-stream")},
                          .subject = subject,
                          .annotations = {{"of", bytes}}};
  auto json = manifest.to_json();
  auto descriptor = store->put(json, media_type::kOciManifest);
  return {std::move(descriptor), std::move(json), store};
}

// An image at app:v1, and `count` SBOMs and one signature of it.
Image push_with_referrers(FakeRegistry& registry, int count) {
  RegistryClient client(fast_options());
  auto image = image_of({"layer"});
  client.push(image, at(registry, "app:v1"));
  std::vector<Document> all = {artifact("application/x-signature", "signature", image.descriptor())};
  for (int i = 0; i < count; ++i)
    all.push_back(artifact("application/x-sbom", "sbom " + std::to_string(i), image.descriptor()));
  for (const auto& document : all) client.push(document, at(registry, "app@" + document.descriptor.digest.to_string()));
  registry.clear_log();
  return image;
}

std::set<std::string> contents(const std::vector<Descriptor>& referrers) {
  std::set<std::string> all;
  for (const auto& entry : referrers) all.insert(entry.annotations.at("of"));
  return all;
}

}  // namespace

TEST_CASE("where there is an API it is asked, and no tag is touched") {
  FakeRegistry registry;
  registry.list_referrers();
  const auto image = push_with_referrers(registry, 2);
  RegistryClient client(fast_options());
  const auto all = client.referrers(at(registry, "app"), image.digest());
  CHECK(contents(all) == std::set<std::string>{"signature", "sbom 0", "sbom 1"});
  CHECK(registry.requests() == std::vector<std::string>{"GET /v2/app/referrers/" + image.digest().to_string()});
  CHECK_FALSE(registry.manifest("app", "sha256-" + std::string(image.digest().hex())).has_value());
}

TEST_CASE("the registry is asked for one artifact type, and what it does not filter is filtered here") {
  for (const auto filter : {FakeReferrers::Filter::applied, FakeReferrers::Filter::ignored}) {
    FakeRegistry registry;
    registry.list_referrers({.filter = filter});
    const auto image = push_with_referrers(registry, 2);
    RegistryClient client(fast_options());
    const auto boms = client.referrers(at(registry, "app"), image.digest(), "application/x-sbom");
    CHECK(contents(boms) == std::set<std::string>{"sbom 0", "sbom 1"});
    CHECK(registry.count("GET", "?artifactType=application%2fx-sbom") == 1);
  }
}

TEST_CASE("referrers come over all pages") {
  FakeRegistry registry;
  registry.list_referrers({.page_size = 2});
  const auto image = push_with_referrers(registry, 4);
  RegistryClient client(fast_options());
  CHECK(client.referrers(at(registry, "app"), image.digest()).size() == 5);
  CHECK(registry.count("GET", "/referrers/") == 3);
  CHECK(client.referrers(at(registry, "app"), image.digest(), "application/x-sbom").size() == 4);
}

TEST_CASE("a page that fails is asked for again, and one that is missing is an error, not the end") {
  FakeRegistry registry;
  registry.list_referrers({.page_size = 2});
  const auto image = push_with_referrers(registry, 2);
  registry.add_fault({.path = "/referrers/", .times = 2, .status = 503});
  RegistryClient client(fast_options());
  CHECK(client.referrers(at(registry, "app"), image.digest()).size() == 3);
  registry.add_fault({.path = "from=2", .times = -1, .status = 404});
  const auto failure = failure_of([&] { client.referrers(at(registry, "app"), image.digest()); });
  CHECK(failure.status == 404);
}

TEST_CASE("a list of referrers without end is given up") {
  FakeRegistry registry;
  registry.list_referrers();
  const auto image = push_with_referrers(registry, 1);
  const std::string body = R"({"schemaVersion": 2, "manifests": []})" + std::string(std::size_t{7} << 20U, ' ');
  registry.add_fault(
      {.path = "/referrers/", .times = -1, .status = 200, .body = body, .headers = {{"Link", "<more/>; rel=next"}}});
  const auto failure =
      failure_of([&] { RegistryClient(fast_options()).referrers(at(registry, "app"), image.digest()); });
  CHECK(failure.code == ErrorCode::corrupt);
  CHECK(registry.count("GET", "/referrers/") == 10);
}

TEST_CASE("a list of referrers whose pages lead in a circle is given up where it closes") {
  FakeRegistry registry;
  registry.list_referrers();
  const auto image = push_with_referrers(registry, 1);
  registry.add_fault({.path = "/referrers/",
                      .times = -1,
                      .status = 200,
                      .body = R"({"schemaVersion": 2, "manifests": []})",
                      .headers = {{"Link", "<?x=1>; rel=next"}}});
  const auto failure =
      failure_of([&] { RegistryClient(fast_options()).referrers(at(registry, "app"), image.digest()); });
  CHECK(failure.code == ErrorCode::corrupt);
  CHECK(failure.message.ends_with("the registry's pages lead in a circle"));
  CHECK(registry.count("GET", "/referrers/") == 3);
}

TEST_CASE("a list of referrers that cannot be parsed names the image") {
  FakeRegistry registry;
  registry.list_referrers();
  const auto image = push_with_referrers(registry, 1);
  registry.add_fault({.path = "/referrers/", .times = -1, .status = 200, .body = "null"});
  const auto failure =
      failure_of([&] { RegistryClient(fast_options()).referrers(at(registry, "app"), image.digest()); });
  CHECK(failure.code == ErrorCode::corrupt);
  CHECK(failure.message.starts_with("cannot list the referrers of " + registry.host() + "/app@"));
}

TEST_CASE("a registry without the API is asked once for it, then for the tag") {
  FakeRegistry registry(Personality{});
  const auto image = push_with_referrers(registry, 1);
  RegistryClient client(fast_options());
  CHECK(contents(client.referrers(at(registry, "app"), image.digest())) ==
        std::set<std::string>{"signature", "sbom 0"});
  CHECK(registry.requests() ==
        std::vector<std::string>{"GET /v2/app/referrers/" + image.digest().to_string(),
                                 "GET /v2/app/manifests/sha256-" + std::string(image.digest().hex())});
}

TEST_CASE("a manifest with a subject is added to the index under the subject's tag, and nothing there is lost") {
  FakeRegistry registry(Personality{});
  RegistryClient client(fast_options());
  const auto image = image_of({"layer"});
  client.push(image, at(registry, "app:v1"));
  const auto signature = artifact("application/x-signature", "signature", image.descriptor());
  const auto sbom = artifact("application/x-sbom", "sbom", image.descriptor());
  for (const auto* document : {&signature, &sbom, &signature}) {
    client.push(*document, at(registry, "app@" + document->descriptor.digest.to_string()));
  }
  const auto all = client.referrers(at(registry, "app"), image.digest());
  REQUIRE(all.size() == 2);
  CHECK(all[0].digest == signature.descriptor.digest);
  CHECK(all[0].artifact_type == "application/x-signature");
  CHECK(all[0].annotations == Annotations{{"of", "signature"}});
  const auto boms = client.referrers(at(registry, "app"), image.digest(), "application/x-sbom");
  REQUIRE(boms.size() == 1);
  CHECK(boms[0].digest == sbom.descriptor.digest);
  CHECK(registry.manifest("app", "sha256-" + std::string(image.digest().hex())).has_value());
}

TEST_CASE("what others wrote into the index under the subject's tag stays") {
  FakeRegistry registry(Personality{});
  RegistryClient client(fast_options());
  const auto image = image_of({"layer"});
  client.push(image, at(registry, "app:v1"));
  const auto tag = "sha256-" + std::string(image.digest().hex());
  const std::string other = R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
                            image.digest().to_string() + R"(","size":)" + std::to_string(image.descriptor().size) +
                            R"(,"data":"e30=","x-vendor":"7"})";
  registry.put_manifest_under("app", tag, std::string(media_type::kOciIndex),
                              R"({"schemaVersion":2,"com.example.tool":{"keep":1},"manifests":[)" + other + "]}");
  const auto sbom = artifact("application/x-sbom", "sbom", image.descriptor());
  client.push(sbom, at(registry, "app@" + sbom.descriptor.digest.to_string()));
  const auto index = registry.manifest("app", tag).value();
  CHECK(index.find(other) != std::string::npos);
  CHECK(index.find(R"("com.example.tool":{"keep":1})") != std::string::npos);
  CHECK(client.referrers(at(registry, "app"), image.digest()).size() == 2);
}

TEST_CASE("a registry that says OCI-Subject keeps the list itself") {
  FakeRegistry registry(Personality{});
  RegistryClient client(fast_options());
  const auto image = image_of({"layer"});
  client.push(image, at(registry, "app:v1"));
  registry.add_fault(
      {.method = "PUT", .path = "/manifests/", .headers = {{"OCI-Subject", image.digest().to_string()}}});
  const auto sbom = artifact("application/x-sbom", "sbom", image.descriptor());
  client.push(sbom, at(registry, "app@" + sbom.descriptor.digest.to_string()));
  CHECK_FALSE(registry.manifest("app", "sha256-" + std::string(image.digest().hex())).has_value());
}

TEST_CASE("what nobody refers to has no referrers") {
  FakeRegistry registry;
  RegistryClient client(fast_options());
  CHECK(client.referrers(at(registry, "app"), Digest::of("nothing")).empty());
}

TEST_CASE("a plan of a push asks HEAD alone, and counts what the push then does") {
  FakeRegistry registry;
  const auto image = image_of({"one layer"});
  RegistryClient client(fast_options());
  const auto plan = client.plan(image, at(registry, "app:v1"));
  CHECK(registry.count("HEAD") == registry.requests().size());
  CHECK(plan.requests == 8);
  CHECK(plan.bytes == 9 + image.config_json().size() + image.manifest_json().size());
  registry.clear_log();
  client.push(image, at(registry, "app:v1"));
  CHECK(registry.requests().size() == 8);
  CHECK(client.plan(image, at(registry, "app:v1")).steps.empty());
}
