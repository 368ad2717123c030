// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ociassemble/compression_kind.hpp"
#include "ociassemble/export.hpp"

namespace ociassemble {

// OCI image specification, media-types.md; Docker image manifest version 2, schema 2.
namespace media_type {
// Of a config that says nothing, "{}" (OCI image specification 1.1).
inline constexpr std::string_view kEmpty = "application/vnd.oci.empty.v1+json";
inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kOciConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kOciLayer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view kOciLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view kOciLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr std::string_view kOciForeignLayer = "application/vnd.oci.image.layer.nondistributable.v1.tar";
inline constexpr std::string_view kOciForeignLayerGzip = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
inline constexpr std::string_view kOciForeignLayerZstd = "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd";
inline constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view kDockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
inline constexpr std::string_view kDockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";
inline constexpr std::string_view kDockerLayerZstd = "application/vnd.docker.image.rootfs.diff.tar.zstd";
inline constexpr std::string_view kDockerForeignLayerGzip = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
}  // namespace media_type

// Which family of media types a document belongs to; one image never mixes them.
enum class ImageFormat { oci, docker };

OCIASSEMBLE_EXPORT bool is_manifest_type(std::string_view type) noexcept;
OCIASSEMBLE_EXPORT bool is_index_type(std::string_view type) noexcept;
// Of an image's config.
OCIASSEMBLE_EXPORT bool is_config_type(std::string_view type) noexcept;
OCIASSEMBLE_EXPORT bool is_layer_type(std::string_view type) noexcept;
// A layer that registries do not hold ("non-distributable", "foreign"); it is not pushed.
OCIASSEMBLE_EXPORT bool is_foreign_layer_type(std::string_view type) noexcept;

// The compression that a layer's media type states; nothing for a type that is no layer's.
OCIASSEMBLE_EXPORT std::optional<Compression> layer_compression(std::string_view type) noexcept;
OCIASSEMBLE_EXPORT std::string_view layer_type(ImageFormat format, Compression compression) noexcept;
OCIASSEMBLE_EXPORT std::string_view manifest_type(ImageFormat format) noexcept;
OCIASSEMBLE_EXPORT std::string_view index_type(ImageFormat format) noexcept;
OCIASSEMBLE_EXPORT std::string_view config_type(ImageFormat format) noexcept;
// The same kind of document in the other family; a type that we do not know comes back as it is.
OCIASSEMBLE_EXPORT std::string convert_media_type(std::string_view type, ImageFormat format);

}  // namespace ociassemble
