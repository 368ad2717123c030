// SPDX-License-Identifier: Apache-2.0
#include "base/system_error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "ociassemble/error.hpp"

namespace ociassemble {

std::string errno_text(int error_number) {
  // strerror() translates; the descriptions of glibc's table do not.
  const char* text = strerrordesc_np(error_number);
  return text != nullptr ? text : fmt::format("error {}", error_number);
}

void throw_errno(std::string_view action, int error_number) {
  const auto code = error_number == ENOENT || error_number == ENOTDIR ? ErrorCode::not_found : ErrorCode::io;
  std::string hint;
  if (error_number == ENOSPC || error_number == EDQUOT)
    hint = "free some space, or choose another place for the output";
  throw Error(code, fmt::format("{}: {}", action, errno_text(error_number)), hint);
}

void throw_errno(std::string_view action) { throw_errno(action, errno); }

}  // namespace ociassemble
