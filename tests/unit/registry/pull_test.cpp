// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "registry_support.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

constexpr std::size_t kLimit = std::size_t{1} << 30U;

}  // namespace

TEST_CASE("a tag is pulled: the manifest as it is, and blobs from the same repository") {
  FakeRegistry registry;
  const auto image = image_of({"first layer", "second layer"});
  const auto digest = seed(registry, "team/app", "v1", image);
  RegistryClient client(fast_options());
  const auto document = client.open(at(registry, "team/app:v1"));
  CHECK(document.json == image.manifest_json());
  CHECK(document.descriptor.digest.to_string() == digest);
  CHECK(document.descriptor.media_type == "application/vnd.oci.image.manifest.v1+json");
  CHECK(document.descriptor.size == image.manifest_json().size());
  CHECK(document.blobs->repository() == registry.host() + "/team/app");
  const auto pulled = open_image(document, {});
  CHECK(pulled.digest() == image.digest());
  CHECK(BlobStore::read(*document.blobs, image.layers()[1].descriptor, kLimit) == "second layer");
  // The whole of it: manifest, config, one layer.
  CHECK(registry.log().size() == 3);
}

TEST_CASE("the digest wins over the tag, and is checked") {
  FakeRegistry registry;
  const auto image = image_of({"layer"});
  const auto digest = seed(registry, "app", "v1", image);
  RegistryClient client(fast_options());
  CHECK(client.open(at(registry, "app:nonsense@" + digest)).json == image.manifest_json());
  registry.put_manifest_under("app", digest, std::string(media_type::kOciManifest), image.manifest_json() + " ");
  const auto failure = failure_of([&] { client.open(at(registry, "app@" + digest)); });
  CHECK(failure.code == ErrorCode::corrupt);
  CHECK(failure.message.find("expected " + digest) != std::string::npos);
}

TEST_CASE("a platform of an index is found, its manifest read through the same repository") {
  FakeRegistry registry;
  const auto amd = image_of({"amd"}, "linux/amd64");
  const auto arm = image_of({"arm"}, "linux/arm64");
  seed(registry, "app", "amd", amd);
  seed(registry, "app", "arm", arm);
  const auto index = index_of({amd, arm});
  registry.put_manifest("app", "v1", std::string(media_type::kOciIndex), index.json);
  RegistryClient client(fast_options());
  CHECK(open_image(client.open(at(registry, "app:v1")), Platform::parse("linux/arm64")).digest() == arm.digest());
}

TEST_CASE("blobs outlive the client that found them") {
  FakeRegistry registry;
  const auto image = image_of({"layer"});
  seed(registry, "app", "v1", image);
  auto client = std::make_unique<RegistryClient>(fast_options());
  const auto document = client->open(at(registry, "app:v1"));
  client.reset();
  CHECK(BlobStore::read(*document.blobs, image.layers()[0].descriptor, kLimit) == "layer");
}

TEST_CASE("what is not there is said in the user's words") {
  FakeRegistry registry;
  const auto image = image_of({"layer"});
  seed(registry, "alpine", "3.20", image);
  RegistryClient client(fast_options());
  const auto tag = failure_of([&] { client.open(at(registry, "alpine:4")); });
  CHECK(tag.message == fmt::format("cannot pull {}/alpine:4: the registry has no such tag", registry.host()));
  CHECK(tag.code == ErrorCode::not_found);
  CHECK(tag.status == 404);
  const auto repository = failure_of([&] { client.open(at(registry, "debian:12")); });
  CHECK(repository.message ==
        fmt::format("cannot pull {}/debian:12: the registry has no such repository: repository name not known",
                    registry.host()));
  const auto blobs = client.open(at(registry, "alpine:3.20")).blobs;
  const Descriptor gone{.media_type = std::string(media_type::kOciLayer), .digest = Digest::of("gone"), .size = 4};
  const auto blob = failure_of([&] { blobs->open(gone); });
  CHECK(blob.message == fmt::format("cannot pull layer {} of {}/alpine: the registry has no such blob",
                                    gone.digest.to_string(), registry.host()));
  const auto nobody = failure_of([] { RegistryClient(fast_options()).open(Reference::parse("127.0.0.1:1/alpine")); });
  CHECK(nobody.message == "cannot reach 127.0.0.1:1: Connection refused");
  CHECK(nobody.code == ErrorCode::network);
}

TEST_CASE("a blob that is cut goes on where it was, with Range") {
  FakeRegistry registry;
  const auto bytes = text_of(3000000);
  seed(registry, "app", "v1", image_of({bytes}));
  registry.add_fault({.method = "GET", .path = "/blobs/", .times = 1, .cut_after = 1000000});
  registry.add_fault({.method = "GET", .path = "/blobs/", .times = 1, .cut_after = 500000});
  RegistryClient client(fast_options());
  CHECK(pull_layer(client, at(registry, "app:v1")) == bytes);
  const auto log = registry.log();
  REQUIRE(log.size() == 4);
  CHECK(log[1].range.empty());
  CHECK(log[2].range == "bytes=1000000-");
  CHECK(log[3].range == "bytes=1500000-");
}

TEST_CASE("a server that knows no ranges sends everything again, and it still fits") {
  FakeRegistry registry;
  const auto bytes = text_of(300000);
  seed(registry, "app", "v1", image_of({bytes}));
  registry.add_fault({.method = "GET", .path = "/blobs/", .cut_after = 100000});
  registry.add_fault({.method = "GET", .path = "/blobs/", .ignore_range = true});
  RegistryClient client(fast_options());
  CHECK(pull_layer(client, at(registry, "app:v1")) == bytes);
}

TEST_CASE("a blob that is always cut is given up") {
  FakeRegistry registry;
  seed(registry, "app", "v1", image_of({text_of(300000)}));
  registry.add_fault({.method = "GET", .path = "/blobs/", .times = -1, .cut_after = 10});
  RegistryClient client(fast_options());
  const auto failure = failure_of([&] { pull_layer(client, at(registry, "app:v1")); });
  CHECK(failure.code == ErrorCode::network);
  CHECK(registry.count("GET", "/blobs/") == 5);
}

TEST_CASE("wrong bytes are never taken for right ones") {
  FakeRegistry registry;
  seed(registry, "app", "v1", image_of({text_of(100000)}));
  RegistryClient client(fast_options());
  registry.add_fault({.method = "GET", .path = "/blobs/", .wrong_bytes = true});
  CHECK(failure_of([&] { pull_layer(client, at(registry, "app:v1")); }).code == ErrorCode::corrupt);
  registry.add_fault({.method = "GET", .path = "/manifests/", .wrong_bytes = true});
  CHECK(failure_of([&] { client.open(at(registry, "app:v1")); }).code == ErrorCode::corrupt);
}

TEST_CASE("a redirect is followed, and the credentials stay behind") {
  FakeRegistry cdn;
  FakeRegistry registry(FakeAuth{.kind = FakeAuth::Kind::basic});
  const auto bytes = text_of(200000);
  const auto image = image_of({bytes});
  seed(registry, "app", "v1", image);
  seed(cdn, "app", "v1", image);
  registry.redirect_blobs_to(fmt::format("http://localhost:{}", cdn.port()));
  cdn.add_fault({.method = "GET", .path = "/blobs/", .cut_after = 100000});
  std::string traced;
  auto options = options_for("alice", "correct horse");
  options.trace = [&](const std::string& line) { traced += line + "\n"; };
  RegistryClient client(options);
  CHECK(pull_layer(client, at(registry, "app:v1")) == bytes);
  REQUIRE(cdn.log().size() == 2);
  for (const auto& entry : cdn.log()) CHECK(entry.authorization.empty());
  CHECK(traced.find("very-secret") == std::string::npos);
  CHECK(traced.find("correct horse") == std::string::npos);
  CHECK(traced.find("YWxpY2U6Y29ycmVjdCBob3JzZQ==") == std::string::npos);
}

TEST_CASE("a redirect to plain HTTP beyond this machine is refused") {
  FakeRegistry registry;
  seed(registry, "app", "v1", image_of({"layer"}));
  registry.redirect_blobs_to("http://cdn.example.com");
  RegistryClient client(fast_options());
  const auto failure = failure_of([&] { pull_layer(client, at(registry, "app:v1")); });
  CHECK(failure.message == "cannot follow " + registry.host() + " to cdn.example.com: it would be plain HTTP");
}

TEST_CASE("a circle of redirects ends") {
  FakeRegistry registry;
  seed(registry, "app", "v1", image_of({"layer"}));
  registry.redirect_blobs_to("http://" + registry.host());
  RegistryClient client(fast_options());
  CHECK(failure_of([&] { pull_layer(client, at(registry, "app:v1")); }).code == ErrorCode::network);
  CHECK(registry.count("GET", "/blobs/") == 11);
}

TEST_CASE("a HEAD tells the digest, or that nobody will say") {
  FakeRegistry registry;
  const auto image = image_of({"layer"});
  const auto digest = seed(registry, "app", "v1", image);
  RegistryClient client(fast_options());
  const auto found = client.find(at(registry, "app:v1"));
  REQUIRE(found.has_value());
  CHECK(found->digest.to_string() == digest);
  CHECK(found->size == image.manifest_json().size());
  CHECK(found->media_type == media_type::kOciManifest);
  CHECK_FALSE(client.find(at(registry, "app:v2")).has_value());
  registry.add_fault({.method = "HEAD", .without = {"Docker-Content-Digest"}});
  CHECK_FALSE(client.find(at(registry, "app:v1")).has_value());
  registry.add_fault({.method = "HEAD", .status = 403});
  CHECK_FALSE(client.find(at(registry, "app:v1")).has_value());
}

TEST_CASE("tags come over all pages, in the registry's order") {
  FakeRegistry registry;
  const auto image = image_of({"layer"});
  for (const char* tag : {"z", "a", "m", "b", "q"}) seed(registry, "app", tag, image);
  registry.set_page_size(2);
  RegistryClient client(fast_options());
  CHECK(client.tags(at(registry, "app")) == std::vector<std::string>{"z", "a", "m", "b", "q"});
  CHECK(registry.log().size() == 3);
  registry.add_fault({.method = "GET", .path = "/tags/", .status = 200, .body = R"({"name":"app","tags":null})"});
  CHECK(client.tags(at(registry, "app")).empty());
  CHECK(failure_of([&] { client.tags(at(registry, "other")); }).code == ErrorCode::not_found);
}

TEST_CASE("a list of tags without end is given up by its bytes") {
  FakeRegistry registry;
  seed(registry, "app", "v1", image_of({"layer"}));
  const std::string body = R"({"tags": []})" + std::string(std::size_t{15} << 20U, ' ');
  registry.add_fault(
      {.path = "/tags/list", .times = -1, .status = 200, .body = body, .headers = {{"Link", "<list/>; rel=next"}}});
  const auto failure = failure_of([&] { RegistryClient(fast_options()).tags(at(registry, "app")); });
  CHECK(failure.code == ErrorCode::corrupt);
  CHECK(registry.count("GET", "/tags/list") == 5);
}

TEST_CASE("an answer without the headers that help is understood by its content") {
  FakeRegistry registry;
  const auto image = image_of({"layer"});
  seed(registry, "app", "v1", image);
  RegistryClient client(fast_options());
  registry.add_fault({.path = "/manifests/", .without = {"Docker-Content-Digest"}});
  CHECK(client.open(at(registry, "app:v1")).descriptor.digest == image.digest());
  registry.add_fault({.path = "/manifests/", .headers = {{"Content-Type", "text/plain; charset=utf-8"}}});
  CHECK(client.open(at(registry, "app:v1")).descriptor.media_type == media_type::kOciManifest);
  registry.add_fault({.path = "/manifests/", .headers = {{"Docker-Content-Digest", "md5:1"}}});
  CHECK_THROWS_AS(client.open(at(registry, "app:v1")), Error);
}

TEST_CASE("schema 1 is refused by name") {
  FakeRegistry registry;
  registry.put_manifest("app", "old", "application/vnd.docker.distribution.manifest.v1+prettyjws", "{}");
  RegistryClient client(fast_options());
  const auto failure = failure_of([&] { client.open(at(registry, "app:old")); });
  CHECK(failure.code == ErrorCode::unsupported);
  CHECK(failure.message.find("schema 1") != std::string::npos);
}

TEST_CASE("a manifest over 16 MiB is not read to its end") {
  FakeRegistry registry;
  registry.put_manifest("app", "huge", std::string(media_type::kOciManifest), std::string((16U << 20U) + 1, ' '));
  RegistryClient client(fast_options());
  CHECK(failure_of([&] { client.open(at(registry, "app:huge")); }).code == ErrorCode::corrupt);
}

TEST_CASE("a part, nothing, and an empty body are no manifest, whatever the status says") {
  struct Row {
    int status;
    std::string body;
    const char* says;
  };
  const Row rows[] = {
      {206, R"({"schemaVersion":2})", "the registry answered 206"},
      {204, "", "the registry answered 204"},
      {200, "", "the registry answered with an empty manifest"},
      {200, "hello", "cannot parse"},
  };
  for (const auto& row : rows) {
    FakeRegistry registry;
    registry.add_fault({.path = "/manifests/v1", .times = -1, .status = row.status, .body = row.body});
    RegistryClient client(fast_options());
    const auto failure = failure_of([&] { client.open(at(registry, "app:v1")); });
    CAPTURE(row.status);
    CAPTURE(failure.message);
    CHECK(failure.message.starts_with("cannot pull " + registry.host() + "/app:v1: "));
    CHECK(failure.message.find(row.says) != std::string::npos);
  }
}
