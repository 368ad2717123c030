// SPDX-License-Identifier: Apache-2.0
#include "compare/named_images.hpp"

#include <algorithm>
#include <iterator>

#include "compare/index_choice.hpp"

namespace ociassemble {
namespace {

std::string name_of(const Image& image) {
  const auto platform = image.config().platform.normalised();
  return platform.os_version.empty() ? platform.to_string() : platform.to_string() + " " + platform.os_version;
}

void append(std::vector<std::string>& lines, std::vector<std::string> more) {
  lines.insert(lines.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

Index index_of(const Document& document) { return Index::parse(document.json, document.descriptor.media_type); }

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
  if (!platform && is_index(before) && is_index(after)) {
    const auto first = open_index(before, {});
    const auto second = open_index(after, {});
    auto pairs = pair_images(first, second);
    append(pairs.doubts, doubts_of_choice(first, "first"));
    append(pairs.doubts, doubts_of_choice(second, "second"));
    append(pairs.doubts, differences_of_choice(first.index, second.index));
    return pairs;
  }
  // A lone image chooses its own platform's out of an index.
  const auto of_other = [&](const Document& document, const Image& other) {
    return open_image(document, platform ? platform : std::optional(other.config().platform));
  };
  auto left = is_index(before) ? of_other(before, open_image(after, platform)) : open_image(before, platform);
  auto right = is_index(after) ? of_other(after, left) : open_image(after, platform);
  ImagePairs pairs;
  if (is_index(before)) append(pairs.doubts, doubts_of_entries(index_of(before), "first"));
  if (is_index(after)) append(pairs.doubts, doubts_of_entries(index_of(after), "second"));
  pairs.both.emplace_back(std::move(left), std::move(right));
  return pairs;
}

}  // namespace ociassemble
