// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stop_token>

#include "bases/file_cache.hpp"
#include "ociassemble/image.hpp"
#include "ociassemble/workplace.hpp"

namespace ociassemble {

// The bytes of a layer of the base. One that comes from a registry is kept in workplace.kept_layers as it is read, and
// read from there the next time. Throws what opening it throws.
std::unique_ptr<Source> open_layer(const Layer& layer, const Workplace& workplace);

// The same image; of its layers those of registries are read from the cache where it has them, and are in it once they
// have been read to their end. Safe for concurrent use.
Image with_kept_layers(const Image& image, const std::shared_ptr<FileCache>& cache, const std::stop_token& stop);

}  // namespace ociassemble
