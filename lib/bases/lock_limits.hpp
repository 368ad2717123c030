// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace ociassemble {

inline constexpr std::size_t kMaxLockSize = std::size_t{32} << 20U;

}  // namespace ociassemble
