// SPDX-License-Identifier: Apache-2.0
#include "assemble/value_place.hpp"

#include <fmt/format.h>

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

class PlacedError : public Error {
 public:
  using Error::Error;
};

bool is_about_machine(const Error& error, ValueKind kind) {
  return error.code() == ErrorCode::interrupted || (error.code() == ErrorCode::io && kind == ValueKind::base);
}

}  // namespace

void rethrow_with_place(const AssembleOptions& options, ValueKind kind, const std::string& value) {
  try {
    throw;
  } catch (const PlacedError&) {
    throw;
  } catch (const Error& error) {
    const auto place =
        options.place_of && !is_about_machine(error, kind) ? options.place_of(kind, value) : std::nullopt;
    if (!place) throw;
    throw PlacedError(error.code(), fmt::format("{}: {}", *place, error.what()), error.hint());
  }
}

}  // namespace ociassemble
