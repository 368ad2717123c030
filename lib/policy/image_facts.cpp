// SPDX-License-Identifier: Apache-2.0
#include "policy/image_facts.hpp"

#include <utility>

#include "policy/unpacked_image.hpp"

namespace ociassemble {

ImageFacts::ImageFacts(Image image, std::stop_token stop) : image_(std::move(image)), stop_(std::move(stop)) {}

ImageFacts::~ImageFacts() = default;

const UnpackedImage& ImageFacts::files() {
  if (!files_) files_ = std::make_unique<UnpackedImage>(image_, stop_);
  return *files_;
}

}  // namespace ociassemble
