// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ociassemble/lock.hpp"
#include "ociassemble/recipe.hpp"

namespace ociassemble::tool {

// Adds platforms, each once; without any: the host's.
void want(WantedBases& wanted, const Reference& base, const std::vector<Platform>& platforms);
// The bases in registries of all of a recipe's profiles.
WantedBases bases_of(const Recipe& recipe, const RecipeSettings& settings);
// The bases of a lock as it is.
WantedBases bases_of(const Lock& lock);

}  // namespace ociassemble::tool
