// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ociassemble/lock.hpp"
#include "ociassemble/recipe.hpp"

namespace ociassemble::tool {

// Adds platforms, each once; without any: the host's.
void want(WantedBases& wanted, const Reference& base, const std::vector<Platform>& platforms);
// Adds a path that is taken from an image, for these platforms; without any: the host's. An image that is in no
// registry is an input of this machine, and not wanted.
void want(WantedImages& wanted, const Location& image, const std::string& path, const std::vector<Platform>& platforms);
// What a lock pins besides bases.
struct WantedPins {
  std::set<std::string> compressions;
  WantedImages images;  // that files are taken from
  // How builds name the bases, by their references; a base that several builds name otherwise has several.
  std::map<std::string, std::set<std::optional<std::string>>> base_names;
  // Where a recipe names a base or an image ("FILE:LINE:COLUMN: MEMBER"), by its reference, and a path of an image, by
  // both: the first place of each.
  std::map<std::string, std::string> places;
  std::map<std::pair<std::string, std::string>, std::string> path_places;
  bool host_certificates = false;
  bool host_zones = false;
};
// What all of a recipe's profiles take from registries; `pins` gains the rest.
WantedBases bases_of(const Recipe& recipe, const RecipeSettings& settings, WantedPins& pins);
// The bases of a lock as it is, and the files of images.
WantedBases bases_of(const Lock& lock);
WantedImages images_of(const Lock& lock);

}  // namespace ociassemble::tool
