// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "help/command_text.hpp"

namespace ociassemble::tool {

struct Candidate {
  std::string text;  // the whole word; a shell puts no blank after one that ends in ':', '=' or '/'
  std::string description;
};

struct Completion {
  // What the shell is to complete by itself, besides the candidates.
  enum class Paths { none, files, folders };
  Paths paths = Paths::none;
  std::vector<Candidate> candidates;
};

// How the last of the words, which may be empty, can go on; the first follows the program's name. Reads the recipe and
// layouts that the words name, in the working directory; what cannot be read gives no candidates.
Completion complete(const std::vector<std::string>& words, const CommandText& tool,
                    const std::vector<CommandText>& commands);

// For the scripts of tools/completion: "none", "files" or "folders", then a line "TEXT<tab>DESCRIPTION" each.
std::string completion_lines(const Completion& completion);

}  // namespace ociassemble::tool
