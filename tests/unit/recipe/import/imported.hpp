// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "ociassemble/error.hpp"
#include "ociassemble/import.hpp"
#include "ociassemble/recipe.hpp"

namespace ociassemble::test {

// Also a recipe that parses.
inline std::string imported(std::string_view text, const ImportOptions& options = {}) {
  auto recipe = import_dockerfile(text, "Dockerfile", options);
  INFO(recipe);
  CHECK_NOTHROW(Recipe::parse(recipe, "ociassemble.json"));
  return recipe;
}

inline std::string import_failure(std::string_view text) {
  try {
    import_dockerfile(text, "Dockerfile", {});
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

inline bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// The recipe's lines, without the comments above them.
inline std::string members_of(const std::string& recipe) { return recipe.substr(recipe.find("\n{") + 1); }

}  // namespace ociassemble::test
