// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ociassemble/document.hpp"
#include "ociassemble/reference.hpp"
#include "ociassemble/workplace.hpp"

namespace ociassemble {

// As RegistryClient::open(), but manifests, indexes and configs that the cache has by their digest are not fetched: a
// tag that was opened before is asked for its digest only, which registries do not count as a pull. Throws what open()
// throws.
Document open_cached_document(const Reference& reference, const Workplace& workplace);

}  // namespace ociassemble
