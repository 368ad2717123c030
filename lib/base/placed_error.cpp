// SPDX-License-Identifier: Apache-2.0
#include "base/placed_error.hpp"

#include <fmt/format.h>

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

class PlacedError : public Error {
 public:
  using Error::Error;
};

}  // namespace

void rethrow_at(const std::string& place) {
  try {
    throw;
  } catch (const PlacedError&) {
    throw;
  } catch (const Error& error) {
    if (place.empty() || error.code() == ErrorCode::interrupted) throw;
    throw PlacedError(error.code(), fmt::format("{}: {}", place, error.what()), error.hint());
  }
}

}  // namespace ociassemble
