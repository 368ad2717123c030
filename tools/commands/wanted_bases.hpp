// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ociassemble/lock.hpp"
#include "ociassemble/recipe.hpp"

namespace ociassemble::tool {

// Adds platforms, each once; without any: the host's.
void want(WantedBases& wanted, const Reference& base, const std::vector<Platform>& platforms);
// What a lock pins besides bases.
struct WantedPins {
  std::set<std::string> compressions;
  bool host_certificates = false;
  bool host_zones = false;
};
// What all of a recipe's profiles take from registries; `pins` gains the rest.
WantedBases bases_of(const Recipe& recipe, const RecipeSettings& settings, WantedPins& pins);
// The bases of a lock as it is.
WantedBases bases_of(const Lock& lock);

}  // namespace ociassemble::tool
