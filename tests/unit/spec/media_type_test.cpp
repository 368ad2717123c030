// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/media_type.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace ociassemble;

TEST_CASE("media types say what kind of document they are") {
  CHECK(is_manifest_type("application/vnd.oci.image.manifest.v1+json"));
  CHECK(is_manifest_type("application/vnd.docker.distribution.manifest.v2+json"));
  CHECK(is_index_type("application/vnd.oci.image.index.v1+json"));
  CHECK(is_index_type("application/vnd.docker.distribution.manifest.list.v2+json"));
  CHECK_FALSE(is_manifest_type("application/vnd.oci.image.index.v1+json"));
  CHECK_FALSE(is_index_type("application/vnd.docker.distribution.manifest.v2+json"));
  CHECK_FALSE(is_manifest_type("application/vnd.docker.distribution.manifest.v1+json"));
  CHECK_FALSE(is_manifest_type(""));
  CHECK_FALSE(is_layer_type(""));
  CHECK_FALSE(is_layer_type("application/vnd.oci.image.config.v1+json"));
}

TEST_CASE("layer types state their compression and whether registries hold them") {
  struct Case {
    const char* type;
    Compression compression;
    bool foreign;
  };
  for (const auto& entry : std::initializer_list<Case>{
           {"application/vnd.oci.image.layer.v1.tar", Compression::none, false},
           {"application/vnd.oci.image.layer.v1.tar+gzip", Compression::gzip, false},
           {"application/vnd.oci.image.layer.v1.tar+zstd", Compression::zstd, false},
           {"application/vnd.oci.image.layer.nondistributable.v1.tar", Compression::none, true},
           {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", Compression::gzip, true},
           {"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", Compression::zstd, true},
           {"application/vnd.docker.image.rootfs.diff.tar", Compression::none, false},
           {"application/vnd.docker.image.rootfs.diff.tar.gzip", Compression::gzip, false},
           {"application/vnd.docker.image.rootfs.diff.tar.zstd", Compression::zstd, false},
           {"application/vnd.docker.image.rootfs.foreign.diff.tar", Compression::none, true},
           {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Compression::gzip, true},
       }) {
    const auto& type = entry.type;
    const auto& compression = entry.compression;
    const auto& foreign = entry.foreign;
    CAPTURE(type);
    CHECK(is_layer_type(type));
    CHECK(layer_compression(type) == compression);
    CHECK(is_foreign_layer_type(type) == foreign);
  }
  CHECK(layer_compression("application/vnd.oci.image.layer.v1.tar+xz") == std::nullopt);
  CHECK(layer_compression("application/vnd.oci.image.manifest.v1+json") == std::nullopt);
}

TEST_CASE("each format has its own media types") {
  CHECK(layer_type(ImageFormat::oci, Compression::none) == "application/vnd.oci.image.layer.v1.tar");
  CHECK(layer_type(ImageFormat::oci, Compression::zstd) == "application/vnd.oci.image.layer.v1.tar+zstd");
  CHECK(layer_type(ImageFormat::docker, Compression::gzip) == "application/vnd.docker.image.rootfs.diff.tar.gzip");
  CHECK(manifest_type(ImageFormat::docker) == "application/vnd.docker.distribution.manifest.v2+json");
  CHECK(index_type(ImageFormat::docker) == "application/vnd.docker.distribution.manifest.list.v2+json");
  CHECK(config_type(ImageFormat::docker) == "application/vnd.docker.container.image.v1+json");
  CHECK(config_type(ImageFormat::oci) == "application/vnd.oci.image.config.v1+json");
}

TEST_CASE("media types are converted between the formats") {
  CHECK(convert_media_type("application/vnd.docker.image.rootfs.diff.tar.gzip", ImageFormat::oci) ==
        "application/vnd.oci.image.layer.v1.tar+gzip");
  CHECK(convert_media_type("application/vnd.oci.image.manifest.v1+json", ImageFormat::docker) ==
        "application/vnd.docker.distribution.manifest.v2+json");
  CHECK(convert_media_type("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", ImageFormat::oci) ==
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip");
  CHECK(convert_media_type("application/vnd.oci.image.layer.v1.tar", ImageFormat::oci) ==
        "application/vnd.oci.image.layer.v1.tar");
  CHECK(convert_media_type("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", ImageFormat::docker) ==
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd");
  CHECK(convert_media_type("application/vnd.example+type", ImageFormat::docker) == "application/vnd.example+type");
  CHECK(convert_media_type("", ImageFormat::docker).empty());
}
