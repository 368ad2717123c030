// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "bases/base.hpp"
#include "inspect/passwd.hpp"
#include "ociassemble/assemble_options.hpp"

namespace ociassemble {

// Throws Error{invalid_argument} for what is wrong whatever the base: ports, variables, paths, signals, users.
void validate_options(const AssembleOptions& options);

// The base's config with what the options set: user, entrypoint, cmd, env, labels, ports, volumes, health check, the
// read-only contract, "created". `entrypoint` is the first binary's path in the image, empty without one. Diff IDs and
// history stay the base's.
ImageConfig make_config(const AssembleOptions& options, const Base& base, std::int64_t created, const NumericUser& user,
                        const std::string& entrypoint);

}  // namespace ociassemble
