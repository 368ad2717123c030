// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recipe/recipe_node.hpp"

namespace ociassemble {

// JSON merge patch, RFC 7396, section 2: null removes a member, an object is merged member by member, anything else
// replaces. What stays keeps its place in the text and among the members, what is new comes at the end.
RecipeNode merge_patch(RecipeNode target, const RecipeNode& patch);

}  // namespace ociassemble
