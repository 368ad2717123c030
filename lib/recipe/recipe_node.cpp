// SPDX-License-Identifier: Apache-2.0
#include "recipe/recipe_node.hpp"

#include <algorithm>

namespace ociassemble {
namespace {

bool same_members(const RecipeNode& left, const RecipeNode& right) {
  const auto& members = *left.object();
  return members.size() == right.object()->size() &&
         std::all_of(members.begin(), members.end(), [&](const RecipeMember& member) {
           const auto* other = right.find(member.name);
           return other != nullptr && member.value == *other;
         });
}

}  // namespace

const RecipeNode* RecipeNode::find(std::string_view name) const noexcept {
  if (object() == nullptr) return nullptr;
  for (const auto& member : *object()) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

// Recursion is bounded by the depth that was read.
bool operator==(const RecipeNode& left, const RecipeNode& right) {
  if (left.object() != nullptr && right.object() != nullptr) return same_members(left, right);
  if (left.array() != nullptr && right.array() != nullptr) return *left.array() == *right.array();
  if (left.data.index() != right.data.index()) return false;
  if (const auto* text = left.string()) return *text == *right.string();
  if (const auto* number = std::get_if<RecipeNode::Number>(&left.data)) {
    return *number == std::get<RecipeNode::Number>(right.data);
  }
  if (const auto* flag = std::get_if<bool>(&left.data)) return *flag == std::get<bool>(right.data);
  return true;
}

}  // namespace ociassemble
