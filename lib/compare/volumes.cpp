// SPDX-License-Identifier: Apache-2.0
#include "compare/volumes.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace ociassemble {
namespace {

// Where the volumes of an image lie.
std::set<std::string> volume_places(const ProofSide& side) {
  std::set<std::string> places;
  for (const auto& volume : side.image().config().volumes) places.insert(side.tree().resolve(volume));
  return places;
}

bool covers_application(const ProofSide& side, const std::string& folder) {
  const auto* node = side.tree().find(folder);
  return side.is_claimed(node) || side.has_application_below(node) || side.was_claimed(folder);
}

bool covers_start(const std::set<std::string>& reached, const std::string& folder) {
  const auto path = "/" + folder;
  if (reached.count(path) != 0) return true;
  const auto prefix = folder.empty() ? path : path + "/";
  const auto found = reached.lower_bound(prefix);
  return found != reached.end() && found->starts_with(prefix);
}

void append_covering(std::vector<std::string>& lines, const ProofSide& side, const std::set<std::string>& reached,
                     const std::set<std::string>& elsewhere) {
  for (const auto& volume : side.image().config().volumes) {
    const auto place = side.tree().resolve(volume);
    if (elsewhere.count(place) != 0) continue;
    if (covers_application(side, place)) {
      lines.push_back(
          fmt::format("the volume {} of the {} image covers files of the application", printable(volume), side.name()));
    } else if (covers_start(reached, place)) {
      lines.push_back(fmt::format("the volume {} of the {} image covers files that the application starts with",
                                  printable(volume), side.name()));
    }
  }
}

}  // namespace

std::vector<std::string> covering_volumes(const ProofSide& before, const std::set<std::string>& reached_before,
                                          const ProofSide& after, const std::set<std::string>& reached_after) {
  std::vector<std::string> lines;
  append_covering(lines, before, reached_before, volume_places(after));
  append_covering(lines, after, reached_after, volume_places(before));
  return lines;
}

}  // namespace ociassemble
