// SPDX-License-Identifier: Apache-2.0
#include "policy/regular_expression.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace ociassemble;

namespace {

struct RegexCase {
  const char* expression;
  const char* text;
  bool matches;
};

}  // namespace

TEST_CASE("expressions match what Go's regexp matches") {
  // Each was run with regexp.MatchString of Go 1.19 (tests/integration/check.bats does so again).
  constexpr RegexCase kCases[] = {
      {"root:.*:0:0", "a\nroot:x:0:0:root", true},
      {"^root", "a\nroot", false},
      {"a.b", "a\nb", false},
      {"a[^x]b", "a\nb", true},
      {"\\d{2,3}\\.\\d+", "v12.5", true},
      {"\\d{3}", "12", false},
      {"[\\d\\s]+$", "x1 2", true},
      {"(?:ab)+?c", "xababc", true},
      {"(?i)HELLO", "say hello", true},
      {"{x}", "a{x}", true},
      {"\\bfoo\\b", "a foo b", true},
      {"\\bfoo\\b", "afoo", false},
      {"[]a]", "]", true},
      {"[^\\n]$", "a", true},
      {"\\$\\{A\\}", "${A}", true},
      {"\\Aab\\z", "ab", true},
      {"a|b", "b", true},
      {"", "x", true},
  };
  for (const auto& one : kCases) {
    CAPTURE(std::string(one.expression));
    const auto expression = RegularExpression::parse(one.expression);
    REQUIRE(expression);
    CHECK(expression->matches(one.text) == one.matches);
  }
}

TEST_CASE("expressions that are none, or not read, are told apart from those that do not match") {
  for (const auto* text :
       {"(", "[a", "a**b(", "*a", "(?P<x>a)", "(?s)a", "\\pL", "[[:alpha:]]", "\\", "\\Qa\\E", "^a|b", "a^"}) {
    CAPTURE(text);
    CHECK(!RegularExpression::parse(text));
  }
}

TEST_CASE("texts may be long, and hold anything") {
  const auto expression = RegularExpression::parse("(a+)+b");
  REQUIRE(expression);
  CHECK(!expression->matches(std::string(1000000, 'a')));
  CHECK(RegularExpression::parse("b")->matches(std::string("a\0b", 3)));
}
