// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ociassemble {

// Texts of a recipe that is being written. What a Dockerfile's variables stand for may hold marks, which become the
// recipe's own: an argument "${NAME}", a word of the platform "{arch}". Marks are of control bytes that the Dockerfile
// must not hold.
inline constexpr std::string_view kMarks = "\x01\x02\x03";
// Whether it holds one of them, or a NUL, which no recipe can hold.
bool holds_marks(std::string_view text);
std::string argument_mark(std::string_view name);
std::string platform_mark(std::string_view name);
// Whether it holds the platform's words, which a recipe has in paths and bases only.
bool holds_platform(std::string_view text);
// The text with the argument's mark replaced by `value`.
std::string without_mark(std::string text, std::string_view name, std::string_view value);

// As a string of JSON.
std::string quoted(std::string_view text);
std::string array_of(const std::vector<std::string>& texts);

// Names and JSON, in the order in which they first came.
using RecipeMembers = std::vector<std::pair<std::string, std::string>>;
// Adds it, or replaces one of that name.
void set_member(RecipeMembers& members, const std::string& name, std::string json);
void remove_member(RecipeMembers& members, std::string_view name);
// {"name": value, …} on one line.
std::string line_object(const RecipeMembers& members);
// A member a line.
std::string tall_object(const RecipeMembers& members);

}  // namespace ociassemble
