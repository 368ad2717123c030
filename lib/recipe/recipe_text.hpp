// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "recipe/recipe_node.hpp"

namespace ociassemble {

// A recipe's text with its name, and its value once it is read: what turns a place into a message. A value.
struct RecipeText {
  std::string file;
  std::string text;
  RecipeNode root;

  // "FILE:LINE:COLUMN".
  std::string place(std::size_t at) const;
  // The way to the member or value that begins at this place, "profiles.dev.env.PORT"; "recipe" for the whole.
  std::string member_at(std::size_t at) const;

  // Throws Error{invalid_argument}: "FILE:LINE:COLUMN: MEMBER: CAUSE", the member as member_at() finds it or as told.
  [[noreturn]] void refuse(std::size_t at, std::string_view cause, std::string hint) const;
  [[noreturn]] void refuse(std::size_t at, std::string_view member, std::string_view cause, std::string hint) const;
};

// Appends a member's name to the way to its object: "a" + "b" is "a.b", and `["/c"]` follows for a name that is no
// word.
std::string member_path(const std::string& object, std::string_view name);
std::string element_path(const std::string& array, std::size_t index);

// Reads a recipe's text: JSON (RFC 8259) in UTF-8, and // and /* */ comments, and a comma after the last member or
// element. Throws Error{invalid_argument} with the place, also for a name that is there twice and for more than 1 MiB,
// 32 levels or 100000 values.
RecipeText read_recipe_text(std::string_view text, std::string file);

}  // namespace ociassemble
