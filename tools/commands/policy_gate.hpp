// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "commands/build_result.hpp"
#include "commands/recipe_build.hpp"
#include "flags/judging_flags.hpp"
#include "ociassemble/policy.hpp"
#include "run.hpp"

namespace ociassemble::tool {

// The tag that an image at a location has; a registry takes a name without tag and digest for that of "latest".
std::string tag_of(const Location& location);
// The same of an image that is there: of a layout's only one the tag that it has there.
std::string tag_found_at(const Location& location);

// The older image that budgets are held against, of the same platform; nothing without --against.
std::optional<Image> older_image(const JudgingFlags& judging, const Image& image, const Workplace& workplace);

// CheckInputs::base_signed_by, for an image made by these options.
std::string base_signer(const AssembleOptions& options, const Assembled& made);

// Judges what a build made by its recipe's policy, before anything is published. What assembling has judged already is
// left out. Warnings go to the error stream. Throws Error{check_failed} with what was found where the policy refuses.
void check_policy(const Build& build, const BuildResult& made, const JudgingFlags& judging, const Workplace& workplace,
                  const Streams& streams);

// The files that a policy judges by: its own, those of tests, databases, statements, go.mod and go.sum.
std::vector<std::filesystem::path> files_of(const std::optional<Policy>& policy);
// These of a build, with the file of the older image, unless the new one replaces it.
std::vector<std::filesystem::path> judged_by(const Build& build, const JudgingFlags& judging);

}  // namespace ociassemble::tool
