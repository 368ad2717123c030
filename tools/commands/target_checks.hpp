// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "ociassemble/location.hpp"
#include "run.hpp"

namespace ociassemble::tool {

// Throws Error{invalid_argument} for a layout or OCI archive: its readers look for OCI media types.
void reject_docker_format(const std::vector<Location>& targets);
// Throws Error{invalid_argument} for what can only be a base.
void reject_base_only(const Location& target);
// A docker archive goes without what refers to an image where another place has it: a warning. Throws
// Error{invalid_argument} where there is no other.
void check_archives(const std::vector<Location>& targets, bool has_sboms, const Streams& streams);

// Why a target takes no SBOM; of a docker archive or an engine.
const char* holds_images_alone(const Location& target);

// The store of the engine that `--load` finds on this machine. Throws Error{not_found} where there is none.
Location engine_target(const std::string& name, const std::stop_token& stop);

}  // namespace ociassemble::tool
