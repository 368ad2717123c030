// SPDX-License-Identifier: Apache-2.0
#include "policy/image_facts.hpp"

#include <utility>

#include "ociassemble/sbom.hpp"

#include "policy/unpacked_image.hpp"

namespace ociassemble {

ImageFacts::ImageFacts(Image image, std::stop_token stop) : image_(std::move(image)), stop_(std::move(stop)) {}

ImageFacts::~ImageFacts() = default;

const UnpackedImage& ImageFacts::files() {
  if (!files_) files_ = std::make_unique<UnpackedImage>(image_, stop_);
  return *files_;
}

const VulnerabilityReport& ImageFacts::vulnerabilities(const VulnerabilityQuery& query) {
  if (vulnerabilities_ && vulnerabilities_->first.databases == query.databases &&
      vulnerabilities_->first.vex == query.vex) {
    return vulnerabilities_->second;
  }
  const VulnerabilityDatabases databases({query.databases, query.vex, query.warn, stop_});
  InventoryOptions how;
  how.cache_folder = query.cache_folder;
  how.warn = query.warn;
  how.with_functions = true;
  const auto inventory = read_inventory(image_, stop_, how);
  vulnerabilities_.emplace(query, databases.find(*inventory, query.image_name));
  return vulnerabilities_->second;
}

}  // namespace ociassemble
