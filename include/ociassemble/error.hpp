// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "ociassemble/export.hpp"

namespace ociassemble {

// What kind of failure this is; the tool's exit status follows from it (see exit_status).
enum class ErrorCode {
  invalid_argument,  // the caller's words are off: a malformed reference, duplicate destinations
  not_found,         // a file, tag, blob, manifest or user that is not there
  io,                // the operating system refused: open, write, no space left
  network,           // unreachable, timed out, cut off, or a server's error
  unauthorized,      // 401 or 403: credentials missing or refused
  corrupt,           // bytes that do not follow their specification, or not their digest
  unsupported,       // well-formed, but nothing that we can read or write
  check_failed,      // a check, policy or comparison said no: wrong architecture, verify
  interrupted,       // a stop was requested
};

// The one exception type of the library. The message says action, subject and cause ("cannot rename A to B: No space
// left on device"); the hint, where there is one, says what to do about it. Neither ever holds a secret.
class OCIASSEMBLE_EXPORT Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, std::string hint = {});

  ErrorCode code() const noexcept { return code_; }
  const std::string& hint() const noexcept { return hint_; }

 private:
  ErrorCode code_;
  std::string hint_;
};

// Bytes that are not the bytes their descriptor promised.
class OCIASSEMBLE_EXPORT DigestMismatch : public Error {
 public:
  DigestMismatch(std::string_view subject, std::string expected, std::string actual);

  const std::string& expected() const noexcept { return expected_; }
  const std::string& actual() const noexcept { return actual_; }

 private:
  std::string expected_;
  std::string actual_;
};

// A server's answer that was not a success; `status` is the HTTP status code.
class OCIASSEMBLE_EXPORT HttpError : public Error {
 public:
  HttpError(ErrorCode code, int status, const std::string& message, std::string hint = {});

  int status() const noexcept { return status_; }

 private:
  int status_;
};

// 1 the work failed, 2 usage, 3 a check said no; an interruption counts as 1 (the tool ends by the signal instead).
OCIASSEMBLE_EXPORT int exit_status(ErrorCode code) noexcept;

}  // namespace ociassemble
