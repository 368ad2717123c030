// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "ociassemble/error.hpp"
#include "ociassemble/recipe.hpp"
#include "test_folder.hpp"

using namespace ociassemble;

namespace {

struct Case {
  std::string name;
  std::string profile;
  std::string recipe;
  std::string message;
  std::string hint;
};

// Removes the text before the separator, and it, and returns that.
std::string take_until(std::string& text, const std::string& separator) {
  const auto at = text.find(separator);
  REQUIRE(at != std::string::npos);
  auto before = text.substr(0, at);
  text.erase(0, at + separator.size());
  return before;
}

// tests/golden/bad_recipes.txt says its form itself.
std::vector<Case> golden_cases() {
  auto rest = test::read_bytes(GOLDEN_FOLDER "/bad_recipes.txt");
  std::vector<Case> cases;
  take_until(rest, "\n=== ");
  for (bool more = true; more;) {
    Case next;
    next.name = take_until(rest, "\n");
    const std::string option = " --profile ";
    if (const auto at = next.name.find(option); at != std::string::npos)
      next.profile = next.name.substr(at + option.size());
    next.recipe = take_until(rest, "\n---\n");
    next.message = take_until(rest, "\n  ");
    next.hint = take_until(rest, "\n");
    more = rest.find("\n=== ") != std::string::npos || rest.starts_with("\n=== ");
    if (more) take_until(rest, "\n=== ");
    cases.push_back(next);
  }
  return cases;
}

}  // namespace

TEST_CASE("a wrong recipe is refused with file, line, member, cause and remedy") {
  const auto cases = golden_cases();
  CHECK(cases.size() >= 70);
  for (const auto& expected : cases) {
    CAPTURE(expected.name);
    try {
      static_cast<void>(Recipe::parse(expected.recipe, "recipe.json").resolve({expected.profile, {}, {}}));
      FAIL("nothing was wrong");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::invalid_argument);
      CHECK(error.what() == expected.message);
      CHECK(error.hint() == expected.hint);
    }
  }
}
