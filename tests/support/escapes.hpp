// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace ociassemble::test {

// "%3a" and "%3A" are the same (RFC 3986, section 6.2.2.1), and newer versions of curl send the latter for the former.
inline std::string with_equal_escapes(std::string text) {
  for (std::size_t at = text.find('%'); at != std::string::npos; at = text.find('%', at + 1)) {
    for (std::size_t digit = at + 1; digit < text.size() && digit <= at + 2; ++digit) {
      if (text[digit] >= 'a' && text[digit] <= 'f') text[digit] = static_cast<char>(text[digit] - 'a' + 'A');
    }
  }
  return text;
}

}  // namespace ociassemble::test
