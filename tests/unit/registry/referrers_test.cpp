// SPDX-License-Identifier: Apache-2.0
// The fake registry has no referrers API: these are the ways by the tag.
#include <doctest/doctest.h>

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

}  // namespace

TEST_CASE("a manifest with a subject is added to the index under the subject's tag, and nothing there is lost") {
  FakeRegistry registry;
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

TEST_CASE("a registry that says OCI-Subject keeps the list itself") {
  FakeRegistry registry;
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
