// SPDX-License-Identifier: Apache-2.0
#include "compare/index_choice.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.hpp"
#include "ociassemble/media_type.hpp"

namespace ociassemble {
namespace {

std::string words_of_platform(const Platform& platform) {
  const auto normal = platform.normalised();
  return fmt::format("{} {} {}", normal.to_string(), normal.os_version, fmt::join(normal.os_features, ","));
}

// An entry that engines run on no platform.
bool is_for_no_platform(const Descriptor& entry) {
  return entry.platform && (entry.platform->os == "unknown" || entry.platform->architecture == "unknown");
}

bool is_image_entry(const Descriptor& entry) {
  return entry.artifact_type.empty() && (entry.media_type.empty() || is_manifest_type(entry.media_type));
}

// Of the images in their order, whether they say a platform: engines read the configs of those that do not, or pass
// them over.
std::vector<std::string> stated_platforms(const Index& index) {
  std::vector<std::string> stated;
  for (const auto& entry : index.manifests) {
    if (!is_image_entry(entry) || is_for_no_platform(entry)) continue;
    stated.push_back(entry.platform ? words_of_platform(*entry.platform) : std::string());
  }
  std::sort(stated.begin(), stated.end());
  return stated;
}

// Not images to us, and for engines that do not know their kind.
std::vector<std::string> chosen_by_mistake(const Index& index) {
  std::vector<std::string> entries;
  for (const auto& entry : index.manifests) {
    if (is_image_entry(entry) || !entry.platform || is_for_no_platform(entry)) continue;
    entries.push_back(fmt::format("{} for {}", entry.digest.to_string(), entry.platform->to_string()));
  }
  return entries;
}

}  // namespace

std::vector<std::string> doubts_of_entries(const Index& index, const std::string& name) {
  std::vector<std::string> doubts;
  for (const auto& entry : index.unreadable) {
    doubts.push_back(fmt::format("cannot judge {} of the {} index: its digest is of an algorithm that is not supported",
                                 printable(entry.digest), name));
  }
  return doubts;
}

std::vector<std::string> doubts_of_choice(const ImageIndex& index, const std::string& name) {
  auto doubts = doubts_of_entries(index.index, name);
  for (const auto& entry : index.index.manifests) {
    if (!entry.platform) continue;
    const auto image = std::find_if(index.images.begin(), index.images.end(),
                                    [&](const Image& other) { return other.digest() == entry.digest; });
    if (image == index.images.end()) continue;
    const auto& own = image->config().platform;
    if (own.os.empty() || own.architecture.empty() || entry.platform->matches(own)) continue;
    doubts.push_back(fmt::format("the {} index says that {} is for {}, and its config says {}", name,
                                 entry.digest.to_string(), printable(entry.platform->to_string()),
                                 printable(own.to_string())));
  }
  return doubts;
}

std::vector<std::string> differences_of_choice(const Index& before, const Index& after) {
  std::vector<std::string> differences;
  const auto is_only_in = [&](const std::vector<std::string>& here, const std::vector<std::string>& there,
                              std::string_view name) {
    for (const auto& entry : here) {
      if (std::count(there.begin(), there.end(), entry) >= std::count(here.begin(), here.end(), entry)) continue;
      differences.push_back(
          fmt::format("{} is only in the {} index, and engines may choose it", printable(entry), name));
    }
  };
  is_only_in(chosen_by_mistake(before), chosen_by_mistake(after), "first");
  is_only_in(chosen_by_mistake(after), chosen_by_mistake(before), "second");
  if (stated_platforms(before) != stated_platforms(after))
    differences.emplace_back("the indexes say other platforms of their images");
  return differences;
}

}  // namespace ociassemble
