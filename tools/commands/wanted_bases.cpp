// SPDX-License-Identifier: Apache-2.0
#include "commands/wanted_bases.hpp"

#include <algorithm>

namespace ociassemble::tool {

void want(WantedBases& wanted, const Reference& base, const std::vector<Platform>& platforms) {
  auto& known = wanted[base.to_string()];
  for (const auto& platform : platforms.empty() ? std::vector<Platform>{host_platform()} : platforms) {
    const auto same = [&](const Platform& other) { return platform.matches(other); };
    if (std::none_of(known.begin(), known.end(), same)) known.push_back(platform.normalised());
  }
}

void want(WantedImages& wanted, const Location& image, const std::string& path,
          const std::vector<Platform>& platforms) {
  if (!image.reference) return;
  auto& by_platform = wanted[image.reference->to_string()];
  for (const auto& platform : platforms.empty() ? std::vector<Platform>{host_platform()} : platforms)
    by_platform[platform.normalised().to_string()].insert(path);
}

WantedBases bases_of(const Recipe& recipe, const RecipeSettings& settings, WantedPins& pins) {
  WantedBases wanted;
  auto profiles = recipe.profiles();
  profiles.insert(profiles.begin(), std::string());
  for (const auto& profile : profiles) {
    auto of_profile = settings;
    of_profile.profile = profile;
    const auto needs = recipe.needs(of_profile);
    pins.compressions.insert(needs.compression.to_string());
    pins.host_certificates = pins.host_certificates || needs.host_certificates;
    pins.host_zones = pins.host_zones || needs.host_zones;
    for (const auto& taken : needs.taken) {
      want(pins.images, taken.image, taken.path, taken.platforms);
      if (!taken.image.reference) continue;
      const auto image = taken.image.reference->to_string();
      pins.places.emplace(image, taken.place);
      pins.path_places.emplace(std::pair(image, taken.path), taken.path_place);
    }
    for (const auto& base : needs.bases) {
      if (!base.location.reference) continue;
      want(wanted, *base.location.reference, base.platforms);
      pins.places.emplace(base.location.reference->to_string(), base.place);
      pins.base_names[base.location.reference->to_string()].insert(base.name);
    }
  }
  return wanted;
}

WantedBases bases_of(const Lock& lock) {
  WantedBases wanted;
  for (const auto& [name, base] : lock.bases) {
    std::vector<Platform> platforms;
    for (const auto& [platform, ignored] : base.platforms) platforms.push_back(Platform::parse(platform));
    if (!platforms.empty()) want(wanted, Reference::parse(name), platforms);
  }
  return wanted;
}

WantedImages images_of(const Lock& lock) {
  WantedImages wanted;
  for (const auto& [name, image] : lock.images) {
    for (const auto& [platform, pinned] : image.platforms) {
      for (const auto& taken : pinned.files) wanted[name][platform].insert(taken.first);
    }
  }
  return wanted;
}

}  // namespace ociassemble::tool
