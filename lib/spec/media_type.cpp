// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/media_type.hpp"

#include <algorithm>
#include <array>

namespace ociassemble {
namespace {

namespace mt = media_type;

// Docker's tools have gzip in mind for it, but containerd reads and writes the plain one, too.
constexpr std::string_view kDockerForeignLayer = "application/vnd.docker.image.rootfs.foreign.diff.tar";

enum class Kind { manifest, index, config, layer, foreign_layer };

struct KnownType {
  std::string_view oci;
  std::string_view docker;  // empty where Docker has none
  Kind kind;
  Compression compression = Compression::none;  // of the layers
};

constexpr std::array<KnownType, 9> kKnownTypes = {{
    {mt::kOciManifest, mt::kDockerManifest, Kind::manifest},
    {mt::kOciIndex, mt::kDockerIndex, Kind::index},
    {mt::kOciConfig, mt::kDockerConfig, Kind::config},
    {mt::kOciLayer, mt::kDockerLayer, Kind::layer, Compression::none},
    {mt::kOciLayerGzip, mt::kDockerLayerGzip, Kind::layer, Compression::gzip},
    {mt::kOciLayerZstd, mt::kDockerLayerZstd, Kind::layer, Compression::zstd},
    {mt::kOciForeignLayer, kDockerForeignLayer, Kind::foreign_layer, Compression::none},
    {mt::kOciForeignLayerGzip, mt::kDockerForeignLayerGzip, Kind::foreign_layer, Compression::gzip},
    {mt::kOciForeignLayerZstd, {}, Kind::foreign_layer, Compression::zstd},
}};

const KnownType* find_type(std::string_view type) noexcept {
  if (type.empty()) return nullptr;
  const auto* found = std::find_if(kKnownTypes.begin(), kKnownTypes.end(), [type](const KnownType& known) {
    return known.oci == type || known.docker == type;
  });
  return found == kKnownTypes.end() ? nullptr : found;
}

bool is_kind(std::string_view type, Kind kind) noexcept {
  const auto* known = find_type(type);
  return known != nullptr && known->kind == kind;
}

constexpr std::string_view in_format(ImageFormat format, std::string_view oci, std::string_view docker) noexcept {
  return format == ImageFormat::oci ? oci : docker;
}

}  // namespace

bool is_manifest_type(std::string_view type) noexcept { return is_kind(type, Kind::manifest); }

bool is_index_type(std::string_view type) noexcept { return is_kind(type, Kind::index); }

bool is_config_type(std::string_view type) noexcept { return is_kind(type, Kind::config); }

bool is_layer_type(std::string_view type) noexcept { return is_kind(type, Kind::layer) || is_foreign_layer_type(type); }

bool is_foreign_layer_type(std::string_view type) noexcept { return is_kind(type, Kind::foreign_layer); }

std::optional<Compression> layer_compression(std::string_view type) noexcept {
  if (!is_layer_type(type)) return std::nullopt;
  return find_type(type)->compression;
}

std::string_view layer_type(ImageFormat format, Compression compression) noexcept {
  switch (compression) {
    case Compression::none:
      return in_format(format, mt::kOciLayer, mt::kDockerLayer);
    case Compression::gzip:
      return in_format(format, mt::kOciLayerGzip, mt::kDockerLayerGzip);
    case Compression::zstd:
      return in_format(format, mt::kOciLayerZstd, mt::kDockerLayerZstd);
  }
  return {};
}

std::string_view manifest_type(ImageFormat format) noexcept {
  return in_format(format, mt::kOciManifest, mt::kDockerManifest);
}

std::string_view index_type(ImageFormat format) noexcept { return in_format(format, mt::kOciIndex, mt::kDockerIndex); }

std::string_view config_type(ImageFormat format) noexcept {
  return in_format(format, mt::kOciConfig, mt::kDockerConfig);
}

std::string convert_media_type(std::string_view type, ImageFormat format) {
  const auto* known = find_type(type);
  if (known == nullptr) return std::string(type);
  const auto converted = in_format(format, known->oci, known->docker);
  return std::string(converted.empty() ? type : converted);
}

}  // namespace ociassemble
