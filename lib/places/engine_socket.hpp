// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace ociassemble {

// Where an engine listens, and what says so: "DOCKER_HOST", "the context work", "a usual installation".
struct EngineSocket {
  std::filesystem::path path;
  std::string source;
};

// As docker's client finds it: DOCKER_HOST, else the context of DOCKER_CONTEXT or of config.json, else the usual
// places: /var/run/docker.sock, and below $XDG_RUNTIME_DIR that of a rootless engine. Where none is named and none is
// there, the first usual place. Throws Error{unsupported} for an address that is no Unix socket, Error{not_found} for
// an unknown context, Error{corrupt} for files that docker did not write.
EngineSocket docker_socket();

// CONTAINER_HOST, else the usual places; nothing where none is there, since podman works without.
std::optional<EngineSocket> podman_socket();

}  // namespace ociassemble
