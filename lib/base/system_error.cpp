// SPDX-License-Identifier: Apache-2.0
#include "base/system_error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

std::string hint_for(int error_number) {
  if (error_number == ENOSPC || error_number == EDQUOT)
    return "free some space, or choose another place for the output";
  if (error_number == EACCES || error_number == EPERM)
    return "check the owner and mode of the file and of the folders above it";
  return {};
}

}  // namespace

std::string errno_text(int error_number) {
  // strerror() translates; the descriptions of glibc's table do not.
  const char* text = strerrordesc_np(error_number);
  return text != nullptr ? text : fmt::format("error {}", error_number);
}

void throw_errno(std::string_view action, int error_number) {
  const auto code = error_number == ENOENT || error_number == ENOTDIR ? ErrorCode::not_found : ErrorCode::io;
  throw Error(code, fmt::format("{}: {}", action, errno_text(error_number)), hint_for(error_number));
}

void throw_errno(std::string_view action) { throw_errno(action, errno); }

}  // namespace ociassemble
