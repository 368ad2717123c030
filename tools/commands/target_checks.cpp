// SPDX-License-Identifier: Apache-2.0
#include "commands/target_checks.hpp"

#include <algorithm>
#include <ostream>
#include <string>

#include "ociassemble/error.hpp"
#include "places/engines.hpp"

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

const char* holds_images_alone(const Location& target) {
  return target.is_engine() ? "an engine holds only images" : "a docker archive holds only images";
}

Location engine_target(const std::string& name, const std::stop_token& stop) {
  const auto engine = find_engine(stop);
  if (!engine) {
    throw Error(ErrorCode::not_found,
                "cannot load " + name + ": neither docker, podman nor containerd is to be found here",
                "start one; DOCKER_HOST and CONTAINER_HOST name their sockets. Or write docker-archive:FILE:" + name);
  }
  const char* prefix = *engine == Location::Kind::docker_daemon ? "docker-daemon:"
                       : *engine == Location::Kind::podman      ? "podman:"
                                                                : "containerd:";
  return Location::parse(prefix + name);
}

void check_archives(const std::vector<Location>& targets, bool has_sboms, const Streams& streams) {
  const auto is_archive = [](const Location& target) {
    return target.kind == Location::Kind::docker_archive || target.is_engine();
  };
  const auto archive = std::find_if(targets.begin(), targets.end(), is_archive);
  if (archive == targets.end()) return;
  if (std::all_of(targets.begin(), targets.end(), is_archive)) {
    throw Error(ErrorCode::invalid_argument,
                std::string("cannot put ") + (has_sboms ? "an SBOM" : "a provenance or signature") + " into " +
                    archive->to_string() + ": " + holds_images_alone(*archive),
                std::string("write to oci-archive:FILE, which `docker load` takes, too; or leave ") +
                    (has_sboms ? "--sbom out" : "--provenance and --sign-key out"));
  }
  streams.err << "ociassemble: warning: " << archive->to_string()
              << (has_sboms ? " holds no SBOM" : " holds no provenance and no signature") << ": "
              << holds_images_alone(*archive) << '\n';
}

}  // namespace ociassemble::tool
