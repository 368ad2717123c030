// SPDX-License-Identifier: Apache-2.0
#include "registry/tag_list.hpp"

#include <doctest/doctest.h>

using namespace ociassemble;

TEST_CASE("tags are read in the registry's order, and nothing else is") {
  using Tags = std::vector<std::string>;
  CHECK(parse_tag_list(R"({"name":"a/b","tags":["v2","v1","v1"]})") == Tags{"v2", "v1", "v1"});
  CHECK(parse_tag_list(R"({"tags":null,"name":"a/b"})") == Tags{});
  CHECK(parse_tag_list(R"({"tags":[],"other":["x"]})") == Tags{});
  CHECK(parse_tag_list(R"({"other":{"tags":["x"]},"tags":["a",1,null,["b"],{"tags":["c"]}],"more":["d"]})") ==
        Tags{"a"});
}

TEST_CASE("what is no list of tags is none") {
  for (const char* text :
       {"", "[]", "null", "\"tags\"", "{}", R"({"name":"a"})", R"({"tags":["a")", R"({"tags":["a"]} x)"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_tag_list(text).has_value());
  }
  CHECK_FALSE(parse_tag_list(R"({"tags":)" + std::string(1000000, '[')).has_value());
}
