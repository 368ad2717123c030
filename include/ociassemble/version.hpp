// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "ociassemble/export.hpp"
#include "ociassemble/layer_format.hpp"

namespace ociassemble {

// "1.2.3" (semantic versioning).
OCIASSEMBLE_EXPORT std::string_view version() noexcept;

}  // namespace ociassemble
