// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ociassemble {

struct RecipeMember;

// A JSON value that knows where in the recipe's text it begins. Members stand in the order of the text, each name once.
// Values are equal whatever their place; objects whatever their order.
struct RecipeNode {
  struct Number {
    std::string text;
    bool operator==(const Number&) const = default;
  };
  using Array = std::vector<RecipeNode>;
  using Object = std::vector<RecipeMember>;

  std::variant<std::monostate, bool, Number, std::string, Array, Object> data;  // monostate: null
  std::size_t at = 0;                                                           // in bytes

  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(data); }
  const std::string* string() const noexcept { return std::get_if<std::string>(&data); }
  const Array* array() const noexcept { return std::get_if<Array>(&data); }
  const Object* object() const noexcept { return std::get_if<Object>(&data); }
  // A member of an object; null where there is none, or no object.
  const RecipeNode* find(std::string_view name) const noexcept;
};

struct RecipeMember {
  std::string name;
  std::size_t at = 0;  // of the name
  RecipeNode value;
};

bool operator==(const RecipeNode& left, const RecipeNode& right);

}  // namespace ociassemble
