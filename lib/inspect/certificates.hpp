// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace ociassemble {

// How many certificates a bundle in PEM has (RFC 7468), by their first lines.
inline std::uint64_t count_certificates(std::string_view bundle) {
  constexpr std::string_view kStart = "-----BEGIN CERTIFICATE-----";
  std::uint64_t count = 0;
  for (auto at = bundle.find(kStart); at != std::string_view::npos; at = bundle.find(kStart, at + 1)) ++count;
  return count;
}

}  // namespace ociassemble
