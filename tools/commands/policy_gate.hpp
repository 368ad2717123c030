// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "commands/build_result.hpp"
#include "commands/recipe_build.hpp"
#include "ociassemble/policy.hpp"
#include "run.hpp"

namespace ociassemble::tool {

// The tag that an image at a location has; a registry takes a name without tag and digest for that of "latest".
std::string tag_of(const Location& location);

// CheckInputs::base_signed_by, for an image made by these options.
std::string base_signer(const AssembleOptions& options, const Assembled& made);

// Judges what a build made by its recipe's policy, before anything is published. What assembling has judged already is
// left out. Warnings go to the error stream. Throws Error{check_failed} with what was found where the policy refuses.
void check_policy(const Build& build, const BuildResult& made, const std::optional<std::int64_t>& now,
                  const Workplace& workplace, const Streams& streams);

}  // namespace ociassemble::tool
