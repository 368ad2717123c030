// SPDX-License-Identifier: Apache-2.0
#include "spec/json_printer.hpp"

#include <doctest/doctest.h>

#include "io/streams.hpp"

using namespace ociassemble;

namespace {

template <class Print>
std::string printed(const Print& print) {
  StringSink text;
  JsonPrinter json(text);
  print(json);
  return text.take();
}

}  // namespace

// Expected texts: what `jq .` (1.6) prints of the same values.
TEST_CASE("objects and arrays are indented by two blanks a level, and empty ones stay on their line") {
  CHECK(printed([](JsonPrinter& json) {
          json.begin_object();
          json.member("a", 1);
          json.key("b").begin_array();
          json.value(true);
          json.value("x");
          json.begin_object();
          json.end_object();
          json.end_array();
          json.key("c").begin_array();
          json.end_array();
          json.end_object();
          json.finish();
        }) == "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    \"x\",\n    {}\n  ],\n  \"c\": []\n}\n");
}

TEST_CASE("control characters, quotes and backslashes are escaped, and the rest of UTF-8 is not") {
  CHECK(printed([](JsonPrinter& json) { json.value("\"\\\b\f\n\r\t\x01\x1f/\xc3\xbc"); }) ==
        "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\xc3\xbc\"");
}

TEST_CASE("bytes that are not UTF-8 become U+FFFD") {
  CHECK(printed([](JsonPrinter& json) { json.value("a\xff\xc3z"); }) == "\"a\xef\xbf\xbd\xef\xbf\xbdz\"");
}

TEST_CASE("a value that is JSON already is indented, and its strings keep their bytes") {
  CHECK(printed([](JsonPrinter& json) {
          json.begin_object();
          json.key("k").json(R"({"a":[1,-2.5e3,"x,]\"}"],"b":{},"c":null})");
          json.member("z", false);
          json.end_object();
        }) ==
        "{\n  \"k\": {\n    \"a\": [\n      1,\n      -2.5e3,\n      \"x,]\\\"}\"\n    ],\n    \"b\": {},\n    \"c\": "
        "null\n"
        "  },\n  \"z\": false\n}");
}

TEST_CASE("of a value that is JSON already, too, nothing reaches a terminal that it would obey") {
  // DEL, NEL, LINE SEPARATOR, RIGHT-TO-LEFT OVERRIDE, in a name and in a text; escapes that are there stay.
  CHECK(printed([](JsonPrinter& json) {
          json.json("[\"a\x7f\xc2\x85\xe2\x80\xa8\",{\"\xe2\x80\xae\":\"\xc3\xa9\\n\"}]");
        }) == "[\n  \"a\\u007f\\u0085\\u2028\",\n  {\n    \"\\u202e\": \"\xc3\xa9\\n\"\n  }\n]");
}
