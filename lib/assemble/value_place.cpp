// SPDX-License-Identifier: Apache-2.0
#include "assemble/value_place.hpp"

#include "base/placed_error.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {

void rethrow_with_place(const AssembleOptions& options, ValueKind kind, const std::string& value) {
  try {
    throw;
  } catch (const Error& error) {
    const bool is_about_machine = error.code() == ErrorCode::io && kind == ValueKind::base;
    if (!options.place_of || is_about_machine) throw;
    rethrow_at(options.place_of(kind, value).value_or(""));
  }
}

}  // namespace ociassemble
