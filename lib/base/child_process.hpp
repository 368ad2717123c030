// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"

namespace ociassemble {

// How a program is started. A stream of -1 is /dev/null; other descriptors are borrowed while it starts.
struct ChildOptions {
  std::string program;  // found in PATH unless it holds a '/'
  std::vector<std::string> arguments;
  std::filesystem::path directory;  // where it runs; ours when empty
  int standard_input = -1;
  int standard_output = -1;
  int standard_error = -1;
  std::optional<std::vector<std::string>> environment;  // "NAME=VALUE"; ours when not set
};

// A running program. It starts with an empty signal mask and no ignored SIGPIPE or SIGXFSZ, whatever ours are, and
// inherits no descriptor but its three streams. One thread.
class ChildProcess {
 public:
  // Throws Error{not_found} when there is no such program, Error{io} when it cannot be started.
  explicit ChildProcess(const ChildOptions& options);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  // Kills it unless it was waited for.
  ~ChildProcess();

  // Waits for its end. Returns the exit status, or 128 and the signal's number.
  int wait();
  // The same, but throws Error{interrupted} once a stop is requested; the destructor then ends the program.
  int wait(const std::stop_token& stop);
  // The same where it has ended; nothing where it runs on. Not to be asked again once it has ended.
  std::optional<int> poll();

 private:
  pid_t pid_ = -1;
};

// The reading and the writing end, both closed on exec. Throws Error{io}.
std::pair<UniqueFd, UniqueFd> make_pipe();

}  // namespace ociassemble
