// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace ociassemble {

// Within a catch block: throws the caught Error again with `place` ("FILE:LINE:COLUMN: MEMBER") in front of its
// message. Leaves an error that has a place already, an interruption, and every error where the place is empty.
[[noreturn]] void rethrow_at(const std::string& place);

// Does `use` and returns its result. An error begins with the place.
template <class Use>
auto at_place(const std::string& place, const Use& use) {
  try {
    return use();
  } catch (...) {
    rethrow_at(place);
  }
}

}  // namespace ociassemble
