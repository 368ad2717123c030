// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "recipe/import/text.hpp"

namespace ociassemble {

// A file or folder of the context that goes into the image, or a program.
struct DraftFile {
  std::string source, destination;
  std::string from;      // an image, whose file or folder it is; empty: the context
  RecipeMembers more;    // "owner", "mode", "ignore", "build"
  std::size_t line = 0;  // of its instruction

  // Where it is in the image, when it is no folder.
  std::string place() const;
};

// The members of a recipe that is being written, in the order of the text.
struct RecipeDraft {
  std::string base;
  std::vector<std::string> platforms;
  RecipeMembers simple, env, labels;
  std::vector<DraftFile> binaries, files;
  std::vector<std::string> ports, writable;
  std::vector<RecipeMembers> policies;  // rules that each program implies

  // Instead of one of the same destination.
  void put_binary(DraftFile binary);
  void add_port(const std::string& port);
  void add_writable(const std::string& path);
  // A member a line, from "binaries" on.
  std::string members() const;
};

// "755", "0444": what a recipe takes as a mode.
bool is_octal_mode(std::string_view mode);
// `  "name": json,` and the line's end.
std::string recipe_line(std::string_view name, std::string_view json);

}  // namespace ociassemble
