// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "ociassemble/export.hpp"
#include "ociassemble/reference.hpp"

namespace ociassemble {

// Where an image is, or goes: "oci:DIR[:TAG]", "oci-archive:FILE[:TAG]", "docker-archive:FILE[:REF]",
// "rootfs:DIR-OR-TARBALL", "scratch", "static", or a registry's "[docker://]REGISTRY/REPOSITORY[:TAG][@DIGEST]".
struct OCIASSEMBLE_EXPORT Location {
  enum class Kind { registry, oci_layout, oci_archive, docker_archive, rootfs, scratch, static_base };

  Kind kind = Kind::static_base;
  std::filesystem::path path;          // of a layout, archive or rootfs
  std::optional<std::string> name;     // the tag in a layout or archive, the reference in a docker-archive
  std::optional<Reference> reference;  // of a registry

  // Throws Error{invalid_argument}; the hint tells a path ("./app") from a reference. In "oci:DIR:TAG" the last ':'
  // that no '/' follows begins the tag.
  static Location parse(std::string_view text);
  std::string to_string() const;

  bool operator==(const Location&) const = default;
};

}  // namespace ociassemble
