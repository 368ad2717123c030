// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ociassemble {

// Texts of a recipe that is being written. What a Dockerfile's variables stand for may hold marks, which become the
// recipe's own: an argument "${NAME}" or "${NAME:-WORD}", a word of the platform "{arch}", a variable of the base
// "${base.NAME}". Marks are of control bytes that the Dockerfile must not hold.
inline constexpr std::string_view kMarks = "\x01\x02\x03\x04";
// Whether it holds one of them, or a NUL, which no recipe can hold.
bool holds_marks(std::string_view text);
// `form` is empty, or an operator and its word.
std::string argument_mark(std::string_view name, std::string_view form = {});
std::string base_mark(std::string_view name, std::string_view form = {});
std::string platform_mark(std::string_view name);
// Whether it holds the platform's words, which a recipe has in paths and bases only.
bool holds_platform(std::string_view text);
// Whether it holds variables of the base, which a recipe has in the environment only.
bool holds_base(std::string_view text);

// The names of the base's variables that it holds, with commas.
std::string base_variables_of(std::string_view text);

// What a mark stands for, without marks; nothing for an argument or variable that is not set.
enum class MarkKind { argument, platform, base };
using MarkValue = std::function<std::optional<std::string>(MarkKind kind, const std::string& name)>;
std::string without_marks(std::string_view text, const MarkValue& value_of);

// With the recipe's own for marks, for people to read.
std::string without_mark_bytes(std::string_view text);
// As a string of JSON, as it is.
std::string plain_json_text(std::string_view text);
// As a string of JSON, with the recipe's own for marks.
std::string json_text(std::string_view text);
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
