// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ociassemble/image.hpp"
#include "ociassemble/workplace.hpp"

namespace ociassemble {

// Tells Workplace::name_blob what the blobs of a transfer hold. Makes no request: of a document in a registry, whose
// config is not at hand, layers have their number alone.
void name_blobs(const Image& image, const Workplace& workplace);
void name_blobs(const ImageIndex& index, const Workplace& workplace);
void name_blobs(const Document& root, const Workplace& workplace);

}  // namespace ociassemble
