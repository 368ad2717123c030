// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace ociassemble::fuzz {

inline std::string as_text(const std::uint8_t* data, std::size_t size) { return {data, data + size}; }

// Ends the program, in every build type, when a property does not hold.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", property);
  std::abort();
}

}  // namespace ociassemble::fuzz
