// SPDX-License-Identifier: Apache-2.0
#include "commands/target_checks.hpp"

#include "ociassemble/error.hpp"

namespace ociassemble::tool {

// Tools that read OCI layouts and archives look for OCI media types, and see nothing else.
void reject_docker_format(const std::vector<Location>& targets) {
  for (const auto& target : targets) {
    if (target.kind != Location::Kind::oci_layout && target.kind != Location::Kind::oci_archive) continue;
    throw Error(ErrorCode::invalid_argument,
                "cannot write Docker's format to " + target.to_string() + ": it holds OCI images",
                "leave --format docker out, or write to docker-archive:FILE or a registry");
  }
}

void reject_base_only(const Location& target) {
  using Kind = Location::Kind;
  if (target.kind != Kind::rootfs && target.kind != Kind::scratch && target.kind != Kind::static_base) return;
  throw Error(
      ErrorCode::invalid_argument, "cannot write to " + target.to_string() + ": it is a base, not a place for images",
      "an output is oci:, oci-archive:, docker-archive:, an engine such as docker-daemon: or a registry's reference");
}

}  // namespace ociassemble::tool
