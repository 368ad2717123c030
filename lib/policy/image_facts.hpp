// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stop_token>

#include "ociassemble/image.hpp"

namespace ociassemble {

class UnpackedImage;

// What rules ask of an image. Its layers are read when the first rule asks for files. One thread.
class ImageFacts {
 public:
  ImageFacts(Image image, std::stop_token stop);
  ImageFacts(const ImageFacts&) = delete;
  ImageFacts& operator=(const ImageFacts&) = delete;
  ~ImageFacts();

  const Image& image() const noexcept { return image_; }
  // Throws what reading layers throws.
  const UnpackedImage& files();
  // Whether files() was called.
  bool has_files() const noexcept { return files_ != nullptr; }

 private:
  Image image_;
  std::stop_token stop_;
  std::unique_ptr<UnpackedImage> files_;
};

}  // namespace ociassemble
