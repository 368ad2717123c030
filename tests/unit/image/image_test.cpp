// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/image.hpp"

#include <doctest/doctest.h>

#include <string>

#include "ociassemble/error.hpp"

using namespace ociassemble;

namespace {

// Digests from sha256sum, the documents written by hand.
const std::string kLayerDigest =
    "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";  // "hello\n"
const std::string kConfig =
    R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[")" + kLayerDigest +
    R"("]},"history":[{"created_by":"one"},{"created_by":"env","empty_layer":true}],"x-unknown":1})";

std::string manifest_for(const std::string& config, const std::string& layers) {
  return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":)"
         R"("application/vnd.oci.image.config.v1+json","digest":")" +
         Digest::of(config).to_string() + R"(","size":)" + std::to_string(config.size()) + R"(},"layers":[)" + layers +
         "]}";
}

const std::string kLayer =
    R"({"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":")" + kLayerDigest + R"(","size":6})";

std::shared_ptr<BlobStore> store_with_layer() {
  auto store = make_memory_store();
  store->put("hello\n", media_type::kOciLayer);
  return store;
}

Image from_documents(const std::string& manifest, const std::string& config) {
  return Image::from_documents(manifest, media_type::kOciManifest, config, store_with_layer());
}

ErrorCode code_of(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("nothing was thrown");
  return ErrorCode::io;
}

ImageConfig plain_config() {
  ImageConfig config;
  config.platform = {.os = "linux", .architecture = "amd64", .variant = {}, .os_version = {}, .os_features = {}};
  return config;
}

Layer layer_of_type(std::string_view type) {
  const auto digest = Digest::parse(kLayerDigest);
  return {.descriptor = {.media_type = std::string(type),
                         .digest = digest,
                         .size = 6,
                         .urls = {},
                         .annotations = {{"key", "value"}},
                         .platform = {},
                         .artifact_type = {}},
          .diff_id = digest,
          .blobs = store_with_layer()};
}

}  // namespace

TEST_CASE("an image taken from documents keeps their bytes and pairs layers with diff IDs") {
  const auto manifest = manifest_for(kConfig, kLayer);
  const auto image = from_documents(manifest, kConfig);
  CHECK(image.manifest_json() == manifest);
  CHECK(image.config_json() == kConfig);
  CHECK(image.descriptor().digest == Digest::of(manifest));
  CHECK(image.descriptor().size == manifest.size());
  CHECK(image.descriptor().media_type == "application/vnd.oci.image.manifest.v1+json");
  REQUIRE(image.descriptor().platform);
  CHECK(image.descriptor().platform->to_string() == "linux/amd64");
  REQUIRE(image.layers().size() == 1);
  CHECK(image.layers()[0].diff_id.to_string() == kLayerDigest);
  CHECK(BlobStore::read(*image.layers()[0].blobs, image.layers()[0].descriptor, 6) == "hello\n");
}

TEST_CASE("a config that is not the manifest's is refused") {
  const auto manifest = manifest_for(kConfig, kLayer);
  auto same_size = kConfig;
  same_size.replace(same_size.find("amd64"), 5, "arm64");
  CHECK_THROWS_AS(from_documents(manifest, same_size), DigestMismatch);
  CHECK(code_of([&] { from_documents(manifest, kConfig + " "); }) == ErrorCode::corrupt);
}

TEST_CASE("the numbers of layers and of diff IDs must be the same") {
  CHECK(code_of([] { from_documents(manifest_for(kConfig, ""), kConfig); }) == ErrorCode::corrupt);
  CHECK(code_of([] { from_documents(manifest_for(kConfig, kLayer + "," + kLayer), kConfig); }) == ErrorCode::corrupt);
}

TEST_CASE("a history may speak of fewer layers than there are, not of more") {
  auto no_history = kConfig;
  no_history.replace(no_history.find(R"({"created_by":"one"},)"), 21, "");
  CHECK(from_documents(manifest_for(no_history, kLayer), no_history).layers().size() == 1);
  auto long_history = kConfig;
  long_history.replace(long_history.find(R"(,"empty_layer":true)"), 19, "");
  CHECK(code_of([&] { from_documents(manifest_for(long_history, kLayer), long_history); }) == ErrorCode::corrupt);
}

TEST_CASE("an image made from layers has the documents of the specification") {
  const auto image = Image::from_layers(ImageFormat::oci, {layer_of_type(media_type::kOciLayer)}, plain_config(),
                                        {{"org.opencontainers.image.version", "1"}});
  CHECK(image.config_json() ==
        R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[")" + kLayerDigest + R"("]}})");
  CHECK(image.manifest_json() ==
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":)"
        R"("application/vnd.oci.image.config.v1+json","digest":"sha256:)"
        R"(7f6f7608f7e207749045a085b674ea46a9b601efa20ebb6d532b47a2bcc52f4f","size":151},"layers":[{"mediaType":)"
        R"("application/vnd.oci.image.layer.v1.tar","digest":")" +
            kLayerDigest +
            R"(","size":6,"annotations":{"key":"value"}}],"annotations":{"org.opencontainers.image.version":"1"}})");
  CHECK(image.digest() == Digest::of(image.manifest_json()));
}

TEST_CASE("a made image reads back as itself") {
  for (const auto format : {ImageFormat::oci, ImageFormat::docker}) {
    const auto made = Image::from_layers(format, {layer_of_type(media_type::kOciLayerGzip)}, plain_config(), {});
    const auto read = Image::from_documents(made.manifest_json(), made.descriptor().media_type, made.config_json(),
                                            made.layers()[0].blobs);
    CHECK(read.descriptor() == made.descriptor());
    CHECK(read.config() == made.config());
    CHECK(read.manifest() == made.manifest());
  }
}

TEST_CASE("layers take the media types of the image's format, with the compression that they have") {
  const auto converted = [](ImageFormat format, std::string_view type) {
    return Image::from_layers(format, {layer_of_type(type)}, plain_config(), {}).manifest().layers[0].media_type;
  };
  CHECK(converted(ImageFormat::docker, "application/vnd.oci.image.layer.v1.tar") ==
        "application/vnd.docker.image.rootfs.diff.tar");
  CHECK(converted(ImageFormat::docker, "application/vnd.oci.image.layer.v1.tar+gzip") ==
        "application/vnd.docker.image.rootfs.diff.tar.gzip");
  CHECK(converted(ImageFormat::docker, "application/vnd.oci.image.layer.v1.tar+zstd") ==
        "application/vnd.docker.image.rootfs.diff.tar.zstd");
  CHECK(converted(ImageFormat::oci, "application/vnd.docker.image.rootfs.diff.tar.gzip") ==
        "application/vnd.oci.image.layer.v1.tar+gzip");
}

TEST_CASE("an image in Docker's format is Docker's throughout and has no annotations") {
  const auto image = Image::from_layers(ImageFormat::docker, {layer_of_type(media_type::kOciLayerGzip)}, plain_config(),
                                        {{"org.opencontainers.image.version", "1"}});
  CHECK(image.manifest_json().find("oci") == std::string::npos);
  CHECK(image.manifest_json().find("annotations") == std::string::npos);
  CHECK(image.descriptor().media_type == "application/vnd.docker.distribution.manifest.v2+json");
  CHECK(image.manifest().config.media_type == "application/vnd.docker.container.image.v1+json");
}

TEST_CASE("diff IDs of a base's config give way to those of the layers") {
  auto config = plain_config();
  config.diff_ids = {Digest::of("another"), Digest::of("and another")};
  const auto image = Image::from_layers(ImageFormat::oci, {layer_of_type(media_type::kOciLayer)}, config, {});
  REQUIRE(image.config().diff_ids.size() == 1);
  CHECK(image.config().diff_ids[0].to_string() == kLayerDigest);
}

TEST_CASE("an image of more history than layers cannot be made") {
  auto config = plain_config();
  config.history.resize(2);
  CHECK(code_of([&] { Image::from_layers(ImageFormat::oci, {layer_of_type(media_type::kOciLayer)}, config, {}); }) ==
        ErrorCode::invalid_argument);
}
