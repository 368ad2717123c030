// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace ociassemble::tool {

// How much a command says while it works. Errors are always said.
enum class Verbosity {
  result,     // warnings; no progress
  automatic,  // bars on a terminal that can move its cursor, else lines
  plain,      // a line for each blob that is done
  bars,
  quiet,  // as `result`, and no notices about tags that may change
};

// -q of every command, and --progress of those that show progress.
class OutputFlags {
 public:
  void add_quiet_to(CLI::App& app, const char* description = "No progress; warnings and errors only",
                    const char* group = "Output");
  void add_to(CLI::App& app, const char* group = "Output");

  bool quiet() const noexcept { return quiet_; }
  // `json`: the result is for a program, which reads no progress unless it was asked for.
  Verbosity verbosity(bool json = false) const;

 private:
  bool quiet_ = false;
  std::string progress_ = "auto";
};

}  // namespace ociassemble::tool
