// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "ociassemble/image.hpp"
#include "ociassemble/vulnerabilities.hpp"

namespace ociassemble {

class UnpackedImage;

// What vulnerabilities are looked up by.
struct VulnerabilityQuery {
  std::vector<std::filesystem::path> databases;
  std::vector<std::filesystem::path> vex;
  std::string image_name;
  std::filesystem::path cache_folder;
  std::function<void(const std::string&)> warn;
};

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
  // What databases say of the image; of the same ones it is asked once. Throws what reading them and the layers throws.
  const VulnerabilityReport& vulnerabilities(const VulnerabilityQuery& query);
  // Whether files() was called.
  bool has_files() const noexcept { return files_ != nullptr; }

 private:
  Image image_;
  std::stop_token stop_;
  std::unique_ptr<UnpackedImage> files_;
  std::optional<std::pair<VulnerabilityQuery, VulnerabilityReport>> vulnerabilities_;
};

}  // namespace ociassemble
