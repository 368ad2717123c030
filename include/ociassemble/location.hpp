// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "ociassemble/export.hpp"
#include "ociassemble/reference.hpp"

namespace ociassemble {

// Where an image is, or goes: "oci:DIR[:NAME]", "oci-archive:FILE[:NAME]", "docker-archive:FILE[:REF]",
// "rootfs:DIR-OR-TARBALL", "scratch", "static", a store of an engine on this machine ("docker-daemon:NAME",
// "podman:NAME", "containerd:[NAMESPACE/]NAME", "kind:[CLUSTER/]NAME", "k3s:NAME"), or a registry's
// "[docker://]REGISTRY/REPOSITORY[:TAG][@DIGEST]".
struct OCIASSEMBLE_EXPORT Location {
  enum class Kind {
    registry,
    oci_layout,
    oci_archive,
    docker_archive,
    rootfs,
    scratch,
    static_base,
    docker_daemon,
    podman,
    containerd,
    kind,
    k3s,
  };

  Kind kind = Kind::static_base;
  std::filesystem::path path;          // of a layout, archive or rootfs
  std::optional<std::string> name;     // in a layout or archive; a reference in a docker-archive; or "@INDEX", a digest
  std::string scope;                   // containerd's namespace, kind's cluster; may be empty
  std::optional<Reference> reference;  // of a registry

  // Throws Error{invalid_argument}; the hint tells a path ("./app") from a reference. Of layouts and archives the name
  // begins at the first ':' before which there is a file or folder; else at the first after which a registry is named,
  // else at the last that no '/' follows (in a docker-archive at the first). "@DIGEST" or "@INDEX" at the end chooses
  // an image whatever it is called, and becomes the name.
  static Location parse(std::string_view text);
  // Whether the name is such a choice: it can be read, not written.
  bool chooses() const;
  // Whether it is a store of an engine on this machine; `name` is then a reference with a tag.
  bool is_engine() const noexcept { return kind >= Kind::docker_daemon; }
  std::string to_string() const;

  bool operator==(const Location&) const = default;
};

}  // namespace ociassemble
