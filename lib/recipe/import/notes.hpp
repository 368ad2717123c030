// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "recipe/import/dockerfile.hpp"

namespace ociassemble {

// The comments at the head of a recipe, each once. Marks (text.hpp) in them are written as the recipe writes them.
class ImportNotes {
 public:
  // For the whole file.
  void add(std::string_view text);
  // "Line N: TEXT"
  void add(std::size_t line, std::string_view text);
  // "Line N: INSTRUCTION …: TEXT."
  void add(const DockerInstruction& made, std::string_view text);
  // A line of a text, as it is, which may come again.
  void add_text(std::size_t line, std::string_view text);
  // In the order of the file's lines; those for the whole file come last.
  std::vector<std::string> lines() const;

 private:
  struct Note {
    std::size_t line;
    std::string text;
  };
  void add_once(std::size_t line, std::string text);

  std::vector<Note> notes_;
};

// Without what it is indented by; and the same, no longer than a line of a comment should be.
std::string on_one_line(std::string_view text);
std::string shortened(std::string_view text);

}  // namespace ociassemble
