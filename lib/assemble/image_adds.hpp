// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bases/shared_work.hpp"
#include "ociassemble/assemble.hpp"

namespace ociassemble {

// The adds of an assembly that take files from other images. Borrows all for its life. One thread.
class ImageAdds {
 public:
  ImageAdds(SharedWork& work, const AssembleOptions& options, const Platform& platform)
      : work_(work), options_(options), platform_(platform) {}

  // Looks up what all of the stages take, so that each image is read once. `inputs` gains the local files that images
  // are read from. Throws as SourceImage::find(), and Error{invalid_argument} for an add that cannot be.
  void find(const std::vector<Contents>& stages, std::vector<std::filesystem::path>& inputs);
  // The entries of one of these adds, as SourceImage::entries().
  std::vector<LayerEntry> entries(const AddInput& add) const;

 private:
  std::shared_ptr<SourceImage> open(const Location& image) const;

  SharedWork& work_;
  const AssembleOptions& options_;
  const Platform& platform_;
};

}  // namespace ociassemble
