// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recipe/recipe_text.hpp"

namespace ociassemble {

// Checks the form of a whole recipe, profiles included: only known members, each of its type; in a profile null, which
// removes, is of every type. Throws as RecipeText::refuse. What passes is what members.hpp may rely on.
void check_shape(const RecipeText& text);

}  // namespace ociassemble
