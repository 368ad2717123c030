// SPDX-License-Identifier: Apache-2.0
#include "recipe/merge_patch.hpp"

#include <algorithm>
#include <utility>

namespace ociassemble {
namespace {

void patch_member(RecipeNode::Object& members, const RecipeMember& patch) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const RecipeMember& member) { return member.name == patch.name; });
  if (patch.value.is_null()) {
    if (found != members.end()) members.erase(found);
  } else if (found != members.end()) {
    found->value = merge_patch(std::move(found->value), patch.value);
  } else {
    members.push_back({patch.name, patch.at, merge_patch({}, patch.value)});
  }
}

}  // namespace

RecipeNode merge_patch(RecipeNode target, const RecipeNode& patch) {
  const auto* changes = patch.object();
  if (changes == nullptr) return patch;
  if (target.object() == nullptr) target = {RecipeNode::Object{}, patch.at};
  for (const auto& change : *changes) patch_member(std::get<RecipeNode::Object>(target.data), change);
  return target;
}

}  // namespace ociassemble
