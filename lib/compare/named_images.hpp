// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ociassemble/document.hpp"

namespace ociassemble {

// Images of two documents that belong together, by platform.
struct ImagePairs {
  std::vector<std::pair<Image, Image>> both;  // in the order of the second
  std::vector<std::string> only_before;       // platforms
  std::vector<std::string> only_after;
  std::vector<std::string> doubts;  // why an engine may choose other images, a line for each
};

// Of two indexes. Nothing but their documents is read.
ImagePairs pair_images(const ImageIndex& before, const ImageIndex& after);
// Of two images, of two indexes, or of an image and its platform's in an index; with a platform, of that one.
ImagePairs pair_images(const Document& before, const Document& after, const std::optional<Platform>& platform);

// Whether a document is an index.
bool is_index(const Document& document);

}  // namespace ociassemble
