// SPDX-License-Identifier: Apache-2.0
#include "compare/named_images.hpp"

#include <algorithm>

namespace ociassemble {
namespace {

std::string name_of(const Image& image) {
  const auto platform = image.config().platform.normalised();
  return platform.os_version.empty() ? platform.to_string() : platform.to_string() + " " + platform.os_version;
}

}  // namespace

bool is_index(const Document& document) {
  return document_kind(document.json, document.descriptor.media_type) == DocumentKind::index;
}

ImagePairs pair_images(const ImageIndex& before, const ImageIndex& after) {
  ImagePairs pairs;
  auto left = before.images;
  for (const auto& image : after.images) {
    const auto name = name_of(image);
    const auto found =
        std::find_if(left.begin(), left.end(), [&](const Image& other) { return name_of(other) == name; });
    if (found == left.end()) {
      pairs.only_after.push_back(name);
    } else {
      pairs.both.emplace_back(*found, image);
      left.erase(found);
    }
  }
  for (const auto& image : left) pairs.only_before.push_back(name_of(image));
  return pairs;
}

ImagePairs pair_images(const Document& before, const Document& after, const std::optional<Platform>& platform) {
  if (!platform && is_index(before) && is_index(after))
    return pair_images(open_index(before, {}), open_index(after, {}));
  // A lone image chooses its own platform's out of an index.
  const auto of_other = [&](const Document& document, const Image& other) {
    return open_image(document, platform ? platform : std::optional(other.config().platform));
  };
  auto left = is_index(before) ? of_other(before, open_image(after, platform)) : open_image(before, platform);
  auto right = is_index(after) ? of_other(after, left) : open_image(after, platform);
  ImagePairs pairs;
  pairs.both.emplace_back(std::move(left), std::move(right));
  return pairs;
}

}  // namespace ociassemble
