// SPDX-License-Identifier: Apache-2.0
#include "policy/image_facts.hpp"

#include <utility>

#include "attest/inventory.hpp"
#include "ociassemble/sbom.hpp"
#include "policy/unpacked_image.hpp"
#include "store/record_cache.hpp"

namespace ociassemble {

ImageFacts::ImageFacts(Image image, const CheckInputs& inputs, FactWants wants)
    : image_(std::move(image)),
      inputs_(inputs),
      wants_(wants),
      records_(open_record_cache(inputs.cache_folder, inputs.warn)) {}

ImageFacts::~ImageFacts() = default;

const UnpackedImage& ImageFacts::files() {
  if (!files_) {
    FileSources sources{wants_.details, wants_.inventory, &records_, inputs_.kept_layers, inputs_.new_layers};
    files_ = std::make_unique<UnpackedImage>(image_, std::move(sources), inputs_.stop);
  }
  return *files_;
}

void ImageFacts::remember() const {
  if (files_) files_->remember_new_layers();
}

std::shared_ptr<const Inventory> ImageFacts::inventory() {
  InventoryOptions how;
  how.kept_layers = inputs_.kept_layers;
  how.with_functions = true;
  return read_inventory(image_, inputs_.stop, how, &records_);
}

const VulnerabilityReport& ImageFacts::vulnerabilities(const VulnerabilityQuery& query) {
  if (vulnerabilities_ && vulnerabilities_->first.databases == query.databases &&
      vulnerabilities_->first.vex == query.vex) {
    return vulnerabilities_->second;
  }
  const VulnerabilityDatabases databases({query.databases, query.vex, query.warn, inputs_.stop});
  vulnerabilities_.emplace(query, databases.find(*inventory(), query.image_name));
  return vulnerabilities_->second;
}

}  // namespace ociassemble
