// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "ociassemble/blob_store.hpp"
#include "ociassemble/digest.hpp"
#include "ociassemble/manifest.hpp"

namespace ociassemble {

// "sha256-HEX", ".sig", ".att" or ".sbom" after it or not: a tag that says something of the manifest of that digest.
bool is_referring_tag(std::string_view name);

// The entries of a layout's index that refer to others, by subject; descriptors get the artifact type of their
// manifest. What cannot be read is left out.
std::multimap<Digest, Descriptor> referrers_in(const Index& index, BlobReader& blobs);
// The index without those, and without referring tags: what "the only image" is chosen from.
Index without_referrers(const Index& index, BlobReader& blobs);

}  // namespace ociassemble
