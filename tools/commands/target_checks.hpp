// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ociassemble/location.hpp"

namespace ociassemble::tool {

// Throws Error{invalid_argument} for a layout or OCI archive: its readers look for OCI media types.
void reject_docker_format(const std::vector<Location>& targets);
// Throws Error{invalid_argument} for what can only be a base.
void reject_base_only(const Location& target);

}  // namespace ociassemble::tool
