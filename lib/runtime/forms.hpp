// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ociassemble/runtime.hpp"

namespace ociassemble {

// One function for each form of write_run_spec().
enum class Engine { docker, podman };

// Whether volumes outlive the container: what run-spec prints keeps them under names, `run` does not.
enum class VolumeLife { named, anonymous };

// The words of `docker run` and `podman run`, from "docker" to the program's arguments. `extra` are options that come
// last.
std::vector<std::string> engine_words(const RunContract& contract, Engine engine, VolumeLife life,
                                      const std::vector<std::string>& extra = {});
std::string write_command_line(const RunContract& contract, Engine engine);
std::string write_compose(const RunContract& contract);
std::string write_quadlet(const RunContract& contract);
std::string write_systemd_unit(const RunContract& contract);
std::string write_kubernetes(const RunContract& contract, SpecScope scope);

// Who a bundle's processes are outside.
struct IdMappings {
  struct Range {
    std::uint32_t inside, outside, count;
  };
  std::vector<Range> uids, gids;
};

// config.json of an OCI runtime bundle. With mappings it has a user namespace of its own.
std::string write_bundle_config(const RunContract& contract, const std::optional<IdMappings>& mappings = {},
                                bool terminal = false);

// The name of the volume for a writable folder: "server-var-lib-server".
std::string volume_name(const RunContract& contract, const WritableFolder& folder);
// "64m" where it is whole mebibytes, else the bytes.
std::string docker_size(std::uint64_t bytes);
// "64Mi", the same for Kubernetes.
std::string kubernetes_size(std::uint64_t bytes);
// "NET_BIND_SERVICE".
std::string upper_case(std::string_view name);
// Throws Error{invalid_argument} where nothing says how a runtime is to name the image.
const std::string& required_image(const RunContract& contract);

}  // namespace ociassemble
