// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "recipe/import/dockerfile.hpp"

namespace ociassemble {

// One command of a shell's text, as far as it can be told without a shell.
struct ShellCommand {
  std::vector<std::string> words;  // quotes taken off, known variables put in
  std::string text;                // as it is written
  bool needs_shell = false;        // a substitution, redirection, pipe, pattern or unknown variable
};

using ShellVariable = std::function<std::optional<std::string>(const std::string& name)>;
std::vector<ShellCommand> shell_commands(std::string_view script, const ShellVariable& value_of);
// Those of a RUN: its JSON array, its heredocs as scripts, or its line.
std::vector<ShellCommand> commands_of_run(const DockerInstruction& made, const ShellVariable& value_of);

}  // namespace ociassemble
