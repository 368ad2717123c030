// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "recipe/import/words.hpp"

namespace ociassemble {

struct Heredoc {
  std::string name;
  std::string body;     // as in the file, the tabs that "<<-" takes off included
  bool expands = true;  // variables; not when a part of the name is quoted
  bool strips = false;  // leading tabs: "<<-NAME"
};

// One instruction of a Dockerfile ("Dockerfile reference"), its continued lines joined, comments within them left out.
struct DockerInstruction {
  std::size_t line = 0;                                    // its first, from 1
  std::string name;                                        // upper case
  std::vector<std::pair<std::string, std::string>> flags;  // "--chown=app" -> chown, "app"; one may come again
  std::string text;                                        // what follows the flags
  std::optional<std::vector<std::string>> exec;            // `text` where it is a JSON array of strings
  std::vector<Heredoc> heredocs;

  // The last flag of that name; null without one.
  const std::string* flag(std::string_view wanted) const;
};

// "NAME=VALUE"; no value where there is no '='.
struct DockerPair {
  std::string name;
  std::optional<std::string> value;
};

struct Dockerfile {
  std::string name;  // for errors
  char escape = '\\';
  std::vector<DockerInstruction> instructions;

  // Reads lines, directives, flags and heredocs as BuildKit's parser does. Throws Error{invalid_argument}
  // "NAME:LINE: CAUSE" for an unknown instruction, one without arguments, a heredoc without an end, a JSON array of
  // something else than strings, and a text over 1 MiB.
  static Dockerfile parse(std::string_view text, std::string_view name);

  [[noreturn]] void refuse(std::size_t line, std::string_view cause, std::string hint = {}) const;

  // `text` as one word: quotes and escapes taken off, variables put in.
  std::string expand(const DockerInstruction& instruction, std::string_view text, VariableSource& variables) const;
  // The same, divided at the blanks that are not quoted, those of values included (EXPOSE).
  std::vector<std::string> expand_words(const DockerInstruction& instruction, std::string_view text,
                                        VariableSource& variables) const;
  // The instruction's arguments: the JSON array's elements, or the text divided at every blank; each expanded.
  std::vector<std::string> arguments(const DockerInstruction& instruction, VariableSource& variables) const;
  // The pairs of ENV, LABEL ("NAME VALUE" is one, too) and ARG, not expanded yet.
  std::vector<DockerPair> pairs(const DockerInstruction& instruction) const;
};

// At every blank, quoted or not.
std::vector<std::string> divide_at_blanks(std::string_view text);

}  // namespace ociassemble
