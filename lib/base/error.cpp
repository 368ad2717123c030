// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/error.hpp"

#include <fmt/format.h>

#include <utility>

namespace ociassemble {

Error::Error(ErrorCode code, const std::string& message, std::string hint)
    : std::runtime_error(message), code_(code), hint_(std::move(hint)) {}

DigestMismatch::DigestMismatch(std::string_view subject, std::string expected, std::string actual)
    : Error(ErrorCode::corrupt, fmt::format("cannot trust {}: expected {}, got {}", subject, expected, actual)),
      expected_(std::move(expected)),
      actual_(std::move(actual)) {}

HttpError::HttpError(ErrorCode code, int status, const std::string& message, std::string hint)
    : Error(code, message, std::move(hint)), status_(status) {}

int exit_status(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_argument:
      return 2;
    case ErrorCode::check_failed:
      return 3;
    case ErrorCode::not_found:
    case ErrorCode::io:
    case ErrorCode::network:
    case ErrorCode::unauthorized:
    case ErrorCode::corrupt:
    case ErrorCode::unsupported:
    case ErrorCode::interrupted:
      return 1;
  }
  return 1;
}

}  // namespace ociassemble
