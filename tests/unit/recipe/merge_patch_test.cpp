// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>

#include "recipe/merge_patch.hpp"
#include "recipe/recipe_text.hpp"

using namespace ociassemble;

namespace {

struct Row {
  const char* target;
  const char* patch;
  const char* result;
};

RecipeNode json(const char* text) { return read_recipe_text(text, "row").root; }

// RFC 7396, appendix A, all of it.
constexpr std::array<Row, 15> kAppendix{{
    {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
    {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
    {R"({"a":"b"})", R"({"a":null})", "{}"},
    {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
    {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
    {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
    {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
    {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
    {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
    {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
    {R"({"a":"foo"})", "null", "null"},
    {R"({"a":"foo"})", R"("bar")", R"("bar")"},
    {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
    {"[1,2]", R"({"a":"b","c":null})", R"({"a":"b"})"},
    {"{}", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
}};

// Section 2's algorithm by hand, and section 3's example.
constexpr std::array<Row, 22> kByTheText{{
    {R"({"title":"Goodbye!","author":{"givenName":"John","familyName":"Doe"},"tags":["example","sample"],
         "content":"This will be unchanged"})",
     R"({"title":"Hello!","phoneNumber":"+01-123-456-7890","author":{"familyName":null},"tags":["example"]})",
     R"({"title":"Hello!","author":{"givenName":"John"},"tags":["example"],"content":"This will be unchanged",
         "phoneNumber":"+01-123-456-7890"})"},
    {"{}", "{}", "{}"},
    {R"({"a":1})", "{}", R"({"a":1})"},
    {"{}", R"({"a":null})", "{}"},
    {R"({"a":1})", R"({"b":null})", R"({"a":1})"},
    {"null", R"({"a":1})", R"({"a":1})"},
    {"null", "null", "null"},
    {R"("text")", R"({"a":null})", "{}"},
    {"7", "8", "8"},
    {"true", "false", "false"},
    {R"({"a":1})", "false", "false"},
    {R"({"a":{}})", R"({"a":null})", "{}"},
    {R"({"a":null})", R"({"a":null})", "{}"},
    {R"({"a":null})", R"({"a":{"b":null}})", R"({"a":{}})"},
    {R"({"a":"b"})", R"({"a":{"c":"d"}})", R"({"a":{"c":"d"}})"},
    {R"({"a":[1,2,3]})", R"({"a":{"0":9}})", R"({"a":{"0":9}})"},
    {R"({"a":[1,2,3]})", R"({"a":[null]})", R"({"a":[null]})"},
    {R"({"a":{"b":{"c":1,"d":2}}})", R"({"a":{"b":{"c":null}}})", R"({"a":{"b":{"d":2}}})"},
    {R"({"a":{"b":{"c":1}}})", R"({"a":{"b":null}})", R"({"a":{}})"},
    {R"({"a":{"b":1},"c":2})", R"({"a":3,"c":{"d":4}})", R"({"a":3,"c":{"d":4}})"},
    {R"({"a":{"x":[{"y":1}]}})", R"({"a":{"x":[{"z":null}]}})", R"({"a":{"x":[{"z":null}]}})"},
    {R"({"A":1})", R"({"a":2})", R"({"A":1,"a":2})"},
}};

}  // namespace

TEST_CASE("a merge patch does what RFC 7396 says") {
  const auto check = [](const Row& row) {
    CAPTURE(row.target);
    CAPTURE(row.patch);
    CHECK(merge_patch(json(row.target), json(row.patch)) == json(row.result));
  };
  for (const auto& row : kAppendix) check(row);
  for (const auto& row : kByTheText) check(row);
}

TEST_CASE("what differs is not equal, whatever the place and the order") {
  CHECK(json(R"({"a":1,"b":[2]})") == json(R"( { "b" : [ 2 ], "a" : 1 } )"));
  for (const char* other :
       {R"({"a":1})", R"({"a":1,"b":[3]})", R"({"a":1,"b":[2],"c":3})", R"({"a":"1","b":[2]})", "[]"}) {
    CAPTURE(other);
    CHECK_FALSE(json(R"({"a":1,"b":[2]})") == json(other));
  }
}

TEST_CASE("members keep their order, and new ones come at the end") {
  const auto merged = merge_patch(json(R"({"z":1,"a":2})"), json(R"({"m":3,"z":4})"));
  REQUIRE(merged.object()->size() == 3);
  CHECK((*merged.object())[0].name == "z");
  CHECK((*merged.object())[1].name == "a");
  CHECK((*merged.object())[2].name == "m");
}
