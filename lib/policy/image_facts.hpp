// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attest/layer_records.hpp"
#include "ociassemble/image.hpp"
#include "ociassemble/policy.hpp"
#include "ociassemble/vulnerabilities.hpp"
#include "policy/file_detail.hpp"

namespace ociassemble {

struct Inventory;
class UnpackedImage;

// What vulnerabilities are looked up by.
struct VulnerabilityQuery {
  std::vector<std::filesystem::path> databases;
  std::vector<std::filesystem::path> vex;
  std::string image_name;
  std::function<void(const std::string&)> warn;
};

// What will be asked of an image, so that each layer is read once.
struct FactWants {
  DetailWants details;
  bool inventory = false;
};

// What rules ask of an image. A layer of which the cache knows nothing is read when the first rule asks for files. One
// thread.
class ImageFacts {
 public:
  // Borrows the inputs.
  ImageFacts(Image image, const CheckInputs& inputs, FactWants wants);
  ImageFacts(const ImageFacts&) = delete;
  ImageFacts& operator=(const ImageFacts&) = delete;
  ~ImageFacts();

  const Image& image() const noexcept { return image_; }
  // Throws what reading layers throws.
  const UnpackedImage& files();
  // What databases say of the image; of the same ones it is asked once. Throws what reading them and the layers throws.
  const VulnerabilityReport& vulnerabilities(const VulnerabilityQuery& query);
  // What is installed, with the functions that are linked into Go programs. Throws what reading layers throws.
  std::shared_ptr<const Inventory> inventory();
  // Whether files() was called.
  bool has_files() const noexcept { return files_ != nullptr; }
  // Keeps what was found of layers that were just made.
  void remember() const;

 private:
  Image image_;
  const CheckInputs& inputs_;
  const FactWants wants_;
  LayerRecords records_;
  std::unique_ptr<UnpackedImage> files_;
  std::optional<std::pair<VulnerabilityQuery, VulnerabilityReport>> vulnerabilities_;
};

}  // namespace ociassemble
