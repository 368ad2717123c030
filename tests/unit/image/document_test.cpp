// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/document.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "ociassemble/error.hpp"

using namespace ociassemble;

namespace {

// Images, indexes and what else belongs to them, in one memory store.
struct Fixture {
  std::shared_ptr<BlobStore> store = make_memory_store();

  // The manifest of an image without layers; its descriptor says the platform.
  Descriptor image(const std::string& platform) {
    ImageConfig config;
    config.platform = Platform::parse(platform);
    const auto image = Image::from_layers(ImageFormat::oci, {}, config, {});
    store->put(image.config_json(), media_type::kOciConfig);
    store->put(image.manifest_json(), media_type::kOciManifest);
    return image.descriptor();
  }

  Descriptor image_without_platform(const std::string& platform) {
    auto descriptor = image(platform);
    descriptor.platform.reset();
    return descriptor;
  }

  Descriptor attestation() {
    auto descriptor = image("linux/amd64");
    descriptor.platform = {
        .os = "unknown", .architecture = "unknown", .variant = {}, .os_version = {}, .os_features = {}};
    return descriptor;
  }

  Document index(std::vector<Descriptor> entries) {
    Index index;
    index.manifests = std::move(entries);
    auto json = index.to_json();
    return {.descriptor = store->put(json, media_type::kOciIndex), .json = json, .blobs = store};
  }

  Document document(const Descriptor& descriptor) {
    return {.descriptor = descriptor, .json = BlobStore::read(*store, descriptor, 10'000), .blobs = store};
  }
};

std::string platform_of(const Image& image) { return image.config().platform.to_string(); }

// The kind of error, and its message with the hint.
struct Failure {
  ErrorCode code = ErrorCode::io;
  std::string text;
};

Failure failure_of(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return {.code = error.code(), .text = std::string(error.what()) + " | " + error.hint()};
  }
  FAIL("nothing was thrown");
  return {};
}

}  // namespace

TEST_CASE("a manifest is its image, whatever platform it has") {
  Fixture fixture;
  const auto root = fixture.document(fixture.image("linux/s390x"));
  CHECK(platform_of(open_image(root, {})) == "linux/s390x");
  CHECK(platform_of(open_image(root, Platform::parse("linux/s390x"))) == "linux/s390x");
}

TEST_CASE("a manifest of another platform than the one asked for is an error that names its platform") {
  Fixture fixture;
  const auto root = fixture.document(fixture.image("linux/s390x"));
  const auto failure = failure_of([&] { open_image(root, Platform::parse("linux/amd64")); });
  CHECK(failure.code == ErrorCode::not_found);
  CHECK(failure.text.find("linux/amd64") != std::string::npos);
  CHECK(failure.text.find("platforms there: linux/s390x") != std::string::npos);
}

TEST_CASE("an index gives the image of the platform") {
  Fixture fixture;
  const auto root = fixture.index({fixture.attestation(), fixture.image("linux/amd64"), fixture.image("linux/arm64/v8"),
                                   fixture.image("linux/arm/v7"), fixture.image("linux/riscv64")});
  CHECK(platform_of(open_image(root, Platform::parse("linux/arm64"))) == "linux/arm64");
  CHECK(platform_of(open_image(root, Platform::parse("linux/arm"))) == "linux/arm/v7");
  CHECK(platform_of(open_image(root, Platform::parse("linux/amd64"))) == "linux/amd64");
  const auto failure = failure_of([&] { open_image(root, Platform::parse("linux/ppc64le")); });
  CHECK(failure.code == ErrorCode::not_found);
  CHECK(failure.text.find("linux/amd64, linux/arm64, linux/arm/v7, linux/riscv64") != std::string::npos);
  CHECK(failure.text.find("unknown") == std::string::npos);
}

TEST_CASE("without a platform an index gives its only image, or the host's among several") {
  Fixture fixture;
  CHECK(platform_of(open_image(fixture.index({fixture.image("linux/s390x"), fixture.attestation()}), {})) ==
        "linux/s390x");
  const auto host = host_platform().to_string();
  const auto several = fixture.index({fixture.image("linux/mips64le"), fixture.image(host)});
  CHECK(platform_of(open_image(several, {})) == host);
  const auto foreign = fixture.index({fixture.image("linux/mips64le"), fixture.image("linux/mips")});
  CHECK(failure_of([&] { open_image(foreign, {}); }).code == ErrorCode::not_found);
}

TEST_CASE("an entry without a platform has that of its config") {
  Fixture fixture;
  const auto root =
      fixture.index({fixture.image_without_platform("linux/amd64"), fixture.image_without_platform("linux/arm64")});
  CHECK(platform_of(open_image(root, Platform::parse("linux/arm64"))) == "linux/arm64");
}

TEST_CASE("indexes in an index are searched") {
  Fixture fixture;
  const auto inner = fixture.index({fixture.image("linux/arm64")});
  const auto middle = fixture.index({fixture.image("linux/amd64"), inner.descriptor});
  const auto root = fixture.index({middle.descriptor});
  CHECK(platform_of(open_image(root, Platform::parse("linux/arm64"))) == "linux/arm64");
}

TEST_CASE("four indexes in each other are read, five are refused") {
  Fixture fixture;
  auto root = fixture.index({fixture.image("linux/amd64")});
  for (int depth = 2; depth <= 4; ++depth) root = fixture.index({root.descriptor});
  CHECK(platform_of(open_image(root, {})) == "linux/amd64");
  CHECK(open_index(root, {}).images.size() == 1);
  root = fixture.index({root.descriptor});
  CHECK(failure_of([&] { open_image(root, {}); }).code == ErrorCode::corrupt);
  CHECK(failure_of([&] { open_index(root, {}); }).code == ErrorCode::corrupt);
}

TEST_CASE("an index cannot make us read without end") {
  Fixture fixture;
  std::vector<Descriptor> entries;
  for (int i = 0; i < 300; ++i) {
    auto other = fixture.image("linux/amd64");
    other.annotations["number"] = std::to_string(i);
    entries.push_back(fixture.index({other}).descriptor);
  }
  const auto root = fixture.index(entries);
  CHECK(failure_of([&] { open_image(root, Platform::parse("linux/arm64")); }).code == ErrorCode::corrupt);
}

TEST_CASE("an artifact is not an image") {
  Fixture fixture;
  const Manifest manifest{.format = ImageFormat::oci,
                          .artifact_type = "application/vnd.example.sbom",
                          .config = fixture.store->put("{}", "application/vnd.oci.empty.v1+json"),
                          .layers = {},
                          .subject = {},
                          .annotations = {}};
  const auto artifact = fixture.store->put(manifest.to_json(), media_type::kOciManifest);
  const auto failure = failure_of([&] { open_image(fixture.document(artifact), {}); });
  CHECK(failure.code == ErrorCode::unsupported);
  CHECK(failure.text.find("application/vnd.example.sbom") != std::string::npos);
  const auto index = fixture.index({artifact, fixture.image("linux/s390x")});
  CHECK(platform_of(open_image(index, {})) == "linux/s390x");
}

TEST_CASE("a manifest or config that is damaged or missing is an error") {
  Fixture fixture;
  auto missing = fixture.image("linux/amd64");
  missing.digest = Digest::of("missing");
  CHECK(failure_of([&] { open_image(fixture.index({missing}), {}); }).code == ErrorCode::not_found);
  auto wrong_size = fixture.image("linux/amd64");
  wrong_size.size -= 1;
  CHECK(failure_of([&] { open_image(fixture.index({wrong_size}), {}); }).code == ErrorCode::corrupt);
}

TEST_CASE("open_index reads all images, or those asked for, in the index's order") {
  Fixture fixture;
  const auto root = fixture.index({fixture.image("linux/arm64"), fixture.image("linux/amd64"), fixture.attestation(),
                                   fixture.image("linux/s390x")});
  const auto all = open_index(root, {});
  REQUIRE(all.images.size() == 3);
  CHECK(platform_of(all.images[0]) == "linux/arm64");
  CHECK(platform_of(all.images[1]) == "linux/amd64");
  CHECK(platform_of(all.images[2]) == "linux/s390x");
  CHECK(all.json == root.json);
  CHECK(all.descriptor == root.descriptor);
  CHECK(all.index.manifests.size() == 4);

  const auto some = open_index(root, {Platform::parse("linux/s390x"), Platform::parse("linux/arm64")});
  REQUIRE(some.images.size() == 2);
  CHECK(platform_of(some.images[0]) == "linux/arm64");
  CHECK(platform_of(some.images[1]) == "linux/s390x");
}

TEST_CASE("open_index refuses a manifest, a platform that is missing, and an index beside images") {
  Fixture fixture;
  const auto manifest = fixture.document(fixture.image("linux/amd64"));
  CHECK(failure_of([&] { open_index(manifest, {}); }).code == ErrorCode::not_found);
  const auto root = fixture.index({fixture.image("linux/amd64")});
  const auto failure = failure_of([&] { open_index(root, {Platform::parse("linux/arm64")}); });
  CHECK(failure.code == ErrorCode::not_found);
  CHECK(failure.text.find("linux/amd64") != std::string::npos);
  const auto mixed = fixture.index({root.descriptor, fixture.image("linux/arm64")});
  CHECK(failure_of([&] { open_index(mixed, {}); }).code == ErrorCode::unsupported);
}
