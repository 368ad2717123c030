// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

using DockerVariables = std::map<std::string, std::string>;

// One instruction of a Dockerfile ("Dockerfile reference"), its continued lines joined, comments within them left out.
struct DockerInstruction {
  std::size_t line = 0;                      // its first, from 1
  std::string name;                          // upper case
  std::map<std::string, std::string> flags;  // "--chown=app" -> chown, "app"
  std::string text;                          // what follows the flags
  std::vector<std::string> heredocs;         // the bodies, in the order of their "<<NAME"
};

struct Dockerfile {
  std::string name;  // for errors
  char escape = '\\';
  std::vector<DockerInstruction> instructions;

  // Throws Error{invalid_argument} "NAME:LINE: CAUSE" for an unknown instruction, one without arguments, a heredoc
  // without an end, and a text over 1 MiB.
  static Dockerfile parse(std::string_view text, std::string_view name);

  [[noreturn]] void refuse(std::size_t line, std::string_view cause, std::string hint = {}) const;
  // The words of `text`, with quotes taken off and variables put in.
  std::vector<std::string> words(const DockerInstruction& instruction, std::string_view text,
                                 const DockerVariables& variables) const;
  // The whole of `text` in the same way, as one word.
  std::string expand(const DockerInstruction& instruction, std::string_view text,
                     const DockerVariables& variables) const;
};

}  // namespace ociassemble
