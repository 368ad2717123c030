// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "recipe/import/build_stages.hpp"
#include "recipe/import/text.hpp"

namespace ociassemble {

// The rules of a policy (docs/policy.md) that hold for what a stage's go command makes: the release of Go by the
// stage's base, cgo, -trimpath, symbols, build mode, processor, checksums.
RecipeMembers implied_policy(const StageProgram& program, std::string_view stage_base);

// The rules that all of them have.
RecipeMembers common_policy(const std::vector<RecipeMembers>& policies);

}  // namespace ociassemble
