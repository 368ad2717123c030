// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ociassemble/location.hpp"

namespace ociassemble::tool {

// Throws Error{invalid_argument} for a layout or OCI archive: its readers look for OCI media types.
void reject_docker_format(const std::vector<Location>& targets);
// Throws Error{invalid_argument} for what can only be a base.
void reject_base_only(const Location& target);

// Why a target takes no SBOM; of a docker archive or an engine.
const char* holds_images_alone(const Location& target);

// The store of the engine that `--load` finds on this machine. Throws Error{not_found} where there is none.
Location engine_target(const std::string& name);

}  // namespace ociassemble::tool
