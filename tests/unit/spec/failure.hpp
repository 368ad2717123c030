// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "ociassemble/error.hpp"

namespace ociassemble::test {

struct Failure {
  ErrorCode code;
  std::string message;
  std::string hint;
};

// The Error that `action` throws; nothing when it throws none.
template <typename Action>
std::optional<Failure> failure_of(Action action) {
  try {
    (void)action();
  } catch (const Error& error) {
    return Failure{error.code(), error.what(), error.hint()};
  }
  return std::nullopt;
}

}  // namespace ociassemble::test
