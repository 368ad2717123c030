// SPDX-License-Identifier: Apache-2.0
// What comes to pass with each of the world's registries, as tests/support/personality.cpp has them. The rest of the
// suite runs over each of them, too (tests/unit/meson.build).
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "registry/uploader.hpp"
#include "registry_support.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20U;
constexpr std::size_t kEverything = std::size_t{1} << 30U;

RegistryOptions options_of(const Personality& one) { return options_for(one.auth.username, one.auth.password); }

void check_image(const FakeRegistry& registry, const std::string& repository, const Image& image) {
  CHECK(registry.manifest(repository, image.digest().to_string()) == image.manifest_json());
  CHECK(registry.has_blob(repository, image.manifest().config.digest.to_string()));
  for (const auto& layer : image.layers()) CHECK(registry.has_blob(repository, layer.descriptor.digest.to_string()));
}

std::size_t bytes_sent(const FakeRegistry& registry) {
  std::size_t sum = 0;
  for (const auto& entry : registry.log()) sum += entry.received;
  return sum;
}

// A manifest that refers to `subject`.
Document signature_of(const Descriptor& subject, const std::string& bytes) {
  const auto store = make_memory_store();
  const Manifest manifest{.artifact_type = "application/x-signature",
                          .config = store->put("{}", "application/vnd.oci.empty.v1+json"),
                          .layers = {store->put(bytes, "application/octet-stream")},
                          .subject = subject};
  auto json = manifest.to_json();
  auto descriptor = store->put(json, media_type::kOciManifest);
  return {std::move(descriptor), std::move(json), store};
}

std::set<std::string> digests_of(const std::vector<Descriptor>& entries) {
  std::set<std::string> all;
  for (const auto& entry : entries) all.insert(entry.digest.to_string());
  return all;
}

// A blob of 14 MiB in chunks of 6, which each registry's limits allow or refuse.
struct LargeUpload {
  explicit LargeUpload(const Personality& one) : registry(one), options(options_of(one)) {}
  void run() {
    const auto session =
        std::make_shared<RegistrySession>(registry.host(), make_registry_context(options), std::stop_token());
    Uploader(session, "app", std::make_shared<KnownBlobs>(), nullptr, {.whole = kMiB, .chunk = 6 * kMiB})
        .upload(descriptor, store, {});
  }
  static const std::string& content() {
    static const auto bytes = text_of(14 * kMiB);
    return bytes;
  }
  FakeRegistry registry;
  RegistryOptions options;
  std::shared_ptr<BlobStore> store = make_memory_store();
  Descriptor descriptor = store->put(content(), media_type::kOciLayer);
};

}  // namespace

TEST_CASE("each registry takes an index, a tag that moves, and a second push that costs one request") {
  for (const auto& one : personalities()) {
    CAPTURE(one.name);
    FakeRegistry registry(one);
    const auto amd = image_of({"shared", "amd"});
    const auto arm = image_of({"shared", "arm"}, "linux/arm64");
    const auto index = index_of({amd, arm});
    RegistryClient(options_of(one)).push(amd, at(registry, "app:v1"));
    RegistryClient(options_of(one)).push(index, at(registry, "app:v1"));
    check_image(registry, "app", amd);
    check_image(registry, "app", arm);
    CHECK(registry.manifest("app", "v1") == index.json);
    CHECK(registry.open_sessions() == 0);
    registry.clear_log();
    RegistryClient(options_of(one)).push(index, at(registry, "app:v1"));
    CHECK(registry.count("HEAD", "/manifests/v1") == registry.requests().size());
    CHECK(registry.count("PUT") + registry.count("POST", "/v2/") == 0);
  }
}

TEST_CASE("from each registry an image is pulled whole, over its redirects and cuts") {
  for (const auto& one : personalities()) {
    CAPTURE(one.name);
    FakeRegistry registry(one);
    const auto bytes = text_of(3 * kMiB);
    const auto image = image_of({bytes});
    seed(registry, "app", "v1", image);
    registry.add_fault({.method = "GET", .path = "/blobs/", .cut_after = kMiB});
    RegistryClient client(options_of(one));
    const auto document = client.open(at(registry, "app:v1"));
    CHECK(document.json == image.manifest_json());
    CHECK(BlobStore::read(*document.blobs, image.layers()[0].descriptor, kEverything) == bytes);
    CHECK(registry.unmet_faults() == 0);
    const auto found = client.find(at(registry, "app:v1"));
    CHECK((found && found->digest == image.digest()));
    CHECK_FALSE(client.find(at(registry, "app:v2")).has_value());
    CHECK((one.store == Personality::Store::none) == registry.store_log().empty());
    for (const auto& entry : registry.store_log()) CHECK(entry.authorization.empty());
  }
}

TEST_CASE("between two repositories of a registry blobs are mounted where it mounts, and sent where it does not") {
  for (const auto& one : personalities()) {
    CAPTURE(one.name);
    FakeRegistry registry(one);
    const auto image = image_of({text_of(200000)});
    seed(registry, "team/base", "1", image);
    const auto loose = text_of(100000, 'A');  // no manifest names it
    registry.put_blob("team/base", loose);
    RegistryClient client(options_of(one));
    const auto pulled = open_image(client.open(at(registry, "team/base:1")), {});
    registry.clear_log();
    client.push(pulled, at(registry, "other/app:v1"));
    check_image(registry, "other/app", image);
    // A token server that gives no token for two repositories leaves nothing but to send.
    CHECK((bytes_sent(registry) < 200000) == !one.auth.refuse_cross_repository);
  }
}

TEST_CASE("a mount from a repository that is gone becomes an upload") {
  for (const auto& one : personalities()) {
    CAPTURE(one.name);
    FakeRegistry registry(one);
    FakeRegistry elsewhere;
    const auto image = image_of({"layer"});
    seed(registry, "gone/base", "1", image);
    const auto store = make_memory_store();
    // Says that it lies in "gone/never", as a base that was deleted does.
    class Elsewhere : public BlobReader {
     public:
      explicit Elsewhere(std::shared_ptr<BlobReader> from, std::string repository)
          : from_(std::move(from)), repository_(std::move(repository)) {}
      std::unique_ptr<Source> open(const Descriptor& descriptor) override { return from_->open(descriptor); }
      std::optional<std::string> repository() const override { return repository_; }

     private:
      std::shared_ptr<BlobReader> from_;
      std::string repository_;
    };
    Document document{image.descriptor(), image.manifest_json(), {}};
    for (const auto& layer : image.layers())
      store->put(BlobStore::read(*layer.blobs, layer.descriptor, kEverything), media_type::kOciLayer);
    store->put(image.config_json(), media_type::kOciConfig);
    document.blobs = std::make_shared<Elsewhere>(store, registry.host() + "/gone/never");
    RegistryClient(options_of(one)).push(document, at(registry, "app:v1"));
    check_image(registry, "app", image);
  }
}

TEST_CASE("a large blob reaches each registry, in chunks or in one piece, and less than twice of it is sent") {
  for (const auto& one : personalities()) {
    CAPTURE(one.name);
    LargeUpload upload(one);
    upload.run();
    CHECK(upload.registry.has_blob("app", upload.descriptor.digest.to_string()));
    CHECK(bytes_sent(upload.registry) < 2 * upload.descriptor.size);
    CHECK(upload.registry.count("PATCH") <= 3);
  }
}

TEST_CASE("a large blob reaches each registry over connections that break") {
  for (const auto& one : personalities()) {
    CAPTURE(one.name);
    LargeUpload upload(one);
    upload.registry.add_fault({.method = "PATCH", .cut_after = 2 * kMiB});
    upload.registry.add_fault({.method = "PUT", .drop_answer = true});
    upload.run();
    CHECK(upload.registry.has_blob("app", upload.descriptor.digest.to_string()));
    CHECK(bytes_sent(upload.registry) < 4 * upload.descriptor.size);
  }
}

TEST_CASE("Google's refusal of a further chunk leads to one request, with whichever status it comes") {
  for (const int status : {400, 405, 416, 501}) {
    CAPTURE(status);
    auto google = personality("gar");
    google.most_chunks = 0;
    google.further_chunk.status = status;
    LargeUpload upload(google);
    upload.run();
    CHECK(upload.registry.has_blob("app", upload.descriptor.digest.to_string()));
  }
}

TEST_CASE("what is sent to each registry and read from it is copied to and from another") {
  for (const auto& one : personalities()) {
    CAPTURE(one.name);
    FakeRegistry registry(one);
    FakeRegistry plain{Personality{}};
    const auto index = index_of({image_of({"a"}), image_of({"b"}, "linux/arm64")});
    RegistryClient client(options_of(one));
    client.push(index, at(plain, "app:v1"));
    client.push(client.open(at(plain, "app:v1")), at(registry, "copy:v1"));
    client.push(client.open(at(registry, "copy:v1")), at(plain, "back:v1"));
    CHECK(registry.manifest("copy", "v1") == index.json);
    CHECK(plain.manifest("back", "v1") == index.json);
    for (const auto& image : index.images) check_image(plain, "back", image);
  }
}

TEST_CASE("each registry's tags come over all of its pages") {
  for (const auto& one : personalities()) {
    CAPTURE(one.name);
    FakeRegistry registry(one);
    const auto image = image_of({"layer"});
    std::vector<std::string> tags;
    for (int i = 0; i < 7; ++i) {
      tags.push_back(fmt::format("v1.{}", i));
      seed(registry, "app", tags.back(), image);
    }
    RegistryClient client(options_of(one));
    CHECK(client.tags(at(registry, "app")) == tags);
    CHECK(registry.count("GET", "/tags/list") >= (7 + one.tags_on_a_page - 1) / one.tags_on_a_page);
  }
}

TEST_CASE("referrers are listed by each registry's API or by the tag, and those of an image that has none are none") {
  for (const auto& one : personalities()) {
    CAPTURE(one.name);
    FakeRegistry registry(one);
    const auto index = index_of({image_of({"layer"}), image_of({"another"}, "linux/arm64")});
    const auto repository = at(registry, "app");
    RegistryClient client(options_of(one));
    client.push(index, at(registry, "app:v1"));
    // Also where the tag is read as the digest, which leads to an index that lists images.
    CHECK(client.referrers(repository, index.descriptor.digest).empty());
    const auto first = signature_of(index.descriptor, "one");
    const auto second = signature_of(index.descriptor, "two");
    const auto push = [&](const Document& document) {
      client.push(document, at(registry, "app@" + document.descriptor.digest.to_string()));
    };
    if (one.referrers == Personality::Referrers::no_such_page_and_digest_tags) {
      const auto failure = failure_of([&] { push(first); });
      CHECK(failure.code == ErrorCode::unsupported);
      CHECK(failure.hint == "this registry cannot list referrers");
      continue;
    }
    push(first);
    push(second);
    const std::set<std::string> both{first.descriptor.digest.to_string(), second.descriptor.digest.to_string()};
    CHECK(digests_of(client.referrers(repository, index.descriptor.digest)) == both);
    CHECK(digests_of(client.referrers(repository, index.descriptor.digest, "application/x-signature")) == both);
    CHECK(client.referrers(repository, index.descriptor.digest, "application/x-sbom").empty());
    const bool has_api = one.referrers == Personality::Referrers::listed;
    CHECK(registry.manifest("app", "sha256-" + std::string(index.descriptor.digest.hex())).has_value() == !has_api);
    CHECK(registry.count("GET", "/packages/") == 0);
  }
}

TEST_CASE("a tag that may not move is said to be one, and the image that it has is no failure") {
  for (const auto& one : personalities()) {
    CAPTURE(one.name);
    FakeRegistry registry(one);
    const auto before = image_of({"before"});
    seed(registry, "app", "v1", before);
    registry.make_tags_immutable();
    RegistryClient client(options_of(one));
    client.push(before, at(registry, "app:v1"));
    const auto failure = failure_of([&] { client.push(image_of({"after"}), at(registry, "app:v1")); });
    CHECK(failure.status == one.immutable_tag.status);
    CHECK(failure.message.find(one.immutable_tag.message) != std::string::npos);
    CHECK(failure.hint == "the registry does not let this tag move: push under another tag");
    CHECK(registry.manifest("app", "v1") == before.manifest_json());
  }
}

TEST_CASE("a repository that has to be created first is said to be missing") {
  for (const auto& one : personalities()) {
    CAPTURE(one.name);
    FakeRegistry registry(one);
    registry.require_repositories();
    RegistryClient client(options_of(one));
    const auto image = image_of({"layer"});
    const auto failure = failure_of([&] { client.push(image, at(registry, "app:v1")); });
    if (one.missing_repository.status == 0) {
      CHECK(failure.message == "nothing was thrown");
      check_image(registry, "app", image);
      continue;
    }
    CHECK(failure.status == one.missing_repository.status);
    CHECK(failure.message.find(one.missing_repository.message) != std::string::npos);
    CHECK(failure.hint.starts_with("this registry makes no repository by itself: create it first"));
    CHECK((failure.hint.find("log in") != std::string::npos) == (failure.status == 403));
  }
}

TEST_CASE("a quota that is used up is said to be one, and nobody is told to log in") {
  for (const auto& one : personalities()) {
    CAPTURE(one.name);
    FakeRegistry registry(one);
    registry.use_up_quota();
    RegistryClient client(options_of(one));
    const auto failure = failure_of([&] { client.push(image_of({"layer"}), at(registry, "app:v1")); });
    CHECK(failure.status == one.quota.status);
    CHECK(failure.message.find(one.quota.message) != std::string::npos);
    CHECK(failure.hint == "a quota of the registry is used up: delete images there, or ask for a larger quota");
    CHECK_FALSE(registry.manifest("app", "v1").has_value());
  }
}

TEST_CASE("a media type that a registry does not take leads to the other format") {
  for (const auto& one : personalities()) {
    CAPTURE(one.name);
    FakeRegistry registry(one);
    registry.refuse_media_type(std::string(media_type::kOciManifest));
    RegistryClient client(options_of(one));
    const auto failure = failure_of([&] { client.push(image_of({"layer"}), at(registry, "app:v1")); });
    CHECK(failure.status == one.media_type.status);
    CHECK(failure.hint == "the registry may not know OCI's media types: build the image with --format docker");
  }
}

TEST_CASE("an identity token with a password beside it opens each token server, whether it has OAuth or not") {
  for (const auto& one : personalities()) {
    if (one.auth.kind != FakeAuth::Kind::bearer) continue;
    CAPTURE(one.name);
    auto with_token = one;
    with_token.auth.identity_token = "refresh";
    FakeRegistry registry(with_token);
    const auto image = image_of({"layer"});
    seed(registry, "app", "v1", image);
    const TestFolder folder;
    // alice:correct horse
    folder.write(
        "config.json",
        fmt::format(R"({{"auths":{{"{}":{{"auth":"YWxpY2U6Y29ycmVjdCBob3JzZQ==","identitytoken":"refresh"}}}}}})",
                    registry.host()));
    const auto options = fast_options();
    ::setenv("DOCKER_CONFIG", folder.path().c_str(), 1);
    RegistryClient client(options);
    CHECK(client.open(at(registry, "app:v1")).json == image.manifest_json());
    forget_environment();
    CHECK(registry.count("POST", "/token") == 1);
    CHECK(registry.count("GET", "/token") == (one.auth.no_oauth == 0 ? 0 : 1));
  }
}
