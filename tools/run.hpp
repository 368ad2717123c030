// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

namespace ociassemble::tool {

// What the tool has of the world; tests give their own.
struct Streams {
  std::ostream& out;
  std::ostream& err;
  bool err_is_terminal = false;
  std::stop_token stop;
  // A variable of the environment; nothing when it is not set.
  std::function<std::optional<std::string>(const char*)> environment;
  std::istream* in = nullptr;                     // the standard input; may be null
  std::function<std::size_t()> err_columns = {};  // the terminal's width now; 0 where nobody knows; may be empty
  std::function<bool()> out_has_no_reader = {};   // whether `out` is a pipe whose reader has gone; may be empty
  std::string executable = {};                    // the program itself, to run it again; empty where it is not the tool
  std::span<const char* const> arguments = {};    // what run() was given
};

// Ends a command that was stopped; main() then ends by the signal that asked for it.
inline constexpr int kInterrupted = 130;

// Ends a command whose output nobody reads any more; main() then ends by SIGPIPE, as others do.
inline constexpr int kNobodyReads = 141;

// The whole tool: parses the arguments (without the program's name), does the work, prints. Returns the exit status: 0
// done, 1 the work failed, 2 usage, 3 a check said no, kInterrupted, kNobodyReads.
int run(std::span<const char* const> arguments, const Streams& streams) noexcept;

}  // namespace ociassemble::tool
