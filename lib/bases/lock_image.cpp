// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "bases/source_image.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/lock.hpp"

namespace ociassemble {
namespace {

// Of the platform: what is pinned already, and what lies at the other paths of the very image that is.
void pin_files(LockedImage& locked, const Reference& reference, const Document& root, const Platform& platform,
               const std::set<std::string>& paths, const Workplace& workplace) {
  const auto name = platform.normalised().to_string();
  std::set<std::string> missing = paths;
  const auto known = locked.platforms.find(name);
  if (known != locked.platforms.end())
    std::erase_if(missing, [&](auto& path) { return known->second.files.contains(path); });
  if (known != locked.platforms.end() && missing.empty()) return;
  const auto image = open_image(root, platform);
  const auto source = std::make_shared<SourceImage>(
      reference.to_string(), [&](const Workplace&) { return image.layers(); }, SourceImage::Pin(), workplace);
  source->find(missing);
  auto& pinned = locked.platforms.try_emplace(name, LockedImage::OfPlatform{image.digest(), {}}).first->second;
  for (const auto& path : missing) pinned.files.insert_or_assign(path, source->files(path));
}

}  // namespace

LockedImage lock_image(const Reference& image, const WantedFiles& wanted, const Workplace& workplace) {
  const auto client = client_of(workplace);
  const auto root = client->open(image);
  LockedImage locked{root.descriptor.digest, root.descriptor.media_type, {}};
  for (const auto& [platform, paths] : wanted)
    pin_files(locked, image, root, Platform::parse(platform), paths, workplace);
  return locked;
}

void lock_files(LockedImage& locked, const Reference& image, const WantedFiles& wanted, const Workplace& workplace) {
  std::optional<Document> root;
  for (const auto& [platform, paths] : wanted) {
    const auto* known = locked.find(Platform::parse(platform));
    const auto is_pinned = [&](const auto& path) { return known != nullptr && known->files.contains(path); };
    if (std::ranges::all_of(paths, is_pinned)) continue;
    if (!root) {
      const auto client = client_of(workplace);
      root = client->open(image.with_digest(locked.digest));
    }
    pin_files(locked, image, *root, Platform::parse(platform), paths, workplace);
  }
}

}  // namespace ociassemble
