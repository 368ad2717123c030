// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "assemble/base.hpp"
#include "inspect/passwd.hpp"

namespace ociassemble {

// Throws Error{invalid_argument} for what is wrong whatever the base: ports, variables, paths, signals, users.
void validate_options(const AssembleOptions& options);

// The image's user (65532:65532 unless the options say otherwise), looked up in the base where it is a name.
NumericUser user_of(const AssembleOptions& options, const Base& base);
// The owner of an added file: "" is root, a lone number is user and group.
NumericUser owner_of(const Base& base, const std::string& owner);

// The base's config with what the options set: user, entrypoint, cmd, env, labels, ports, volumes, the read-only
// contract, "created". `entrypoint` is the first binary's path in the image, empty without one. Diff IDs and history
// stay the base's.
ImageConfig make_config(const AssembleOptions& options, const Base& base, const std::string& entrypoint);

}  // namespace ociassemble
