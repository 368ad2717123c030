// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ociassemble/assemble_options.hpp"

namespace ociassemble {

// Within a catch block: throws the caught error again, with the value's place in front where that is known. Leaves an
// error that has a place already, an interruption, and the base's I/O errors, which are about this machine.
[[noreturn]] void rethrow_with_place(const AssembleOptions& options, ValueKind kind, const std::string& value);

// Does `use` and returns its result. An error begins with the place where the value was written.
template <class Use>
auto about(const AssembleOptions& options, ValueKind kind, const std::string& value, const Use& use) {
  try {
    return use();
  } catch (...) {
    rethrow_with_place(options, kind, value);
  }
}

}  // namespace ociassemble
