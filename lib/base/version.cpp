// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/version.hpp"

namespace ociassemble {

std::string_view version() noexcept { return OCIASSEMBLE_VERSION; }

}  // namespace ociassemble
