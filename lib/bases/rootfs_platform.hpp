// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "ociassemble/image.hpp"
#include "ociassemble/platform.hpp"
#include "ociassemble/workplace.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// Nothing says which platform a root file system is for but its programs and libraries. Throws Error{check_failed} when
// there are some, and all are for another. Reads the layers only where there is no library, and not a second time where
// there is a cache.
void require_platform(const Tree& tree, const std::vector<Layer>& layers, const Platform& platform,
                      std::string_view name, const Workplace& workplace);

}  // namespace ociassemble
