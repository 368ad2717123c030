// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "recipe/import/shell.hpp"

namespace ociassemble {

// What a "go build" or "go install" makes, and how.
struct GoCommand {
  std::vector<std::string> flags;     // but for -o
  std::vector<std::string> packages;  // "." where the command names none
  std::vector<std::pair<std::string, std::string>> environment;
  std::string output;     // as it is said by -o, or the folder of go install; empty: the working directory
  bool installs = false;  // into the folder of `output`, by the package's name
  bool needs_shell = false;
  bool is_for_target = false;  // xx-go, which sets GOOS and GOARCH to the image's
  std::string text;
  std::size_t line = 0;
  std::size_t order = 0;  // among the commands of its stage
  std::string directory;  // where it runs: a path of the stage
};

// Reads a command that begins with assignments, "env" or go itself; nothing for another.
std::optional<GoCommand> go_command_of(const ShellCommand& command);

// The package of the command that makes the program at this path; nothing where it makes none there. The name of a
// module's own program is not known here: it is taken for one that the image runs.
std::optional<std::string> package_of(const GoCommand& command, const std::string& path, bool is_run);

// Path within a folder, "." and ".." worked out; "/a" stays as it is.
std::string joined_path(std::string_view folder, std::string_view path);

}  // namespace ociassemble
