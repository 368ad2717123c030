// SPDX-License-Identifier: Apache-2.0
#include "spec/json.hpp"

#include <doctest/doctest.h>

#include <array>

#include "failure.hpp"
#include "spec/json_writer.hpp"

using namespace ociassemble;
using test::failure_of;

namespace {

JsonValue parse(std::string_view text) { return parse_json(text, "test", {.size = 1000}); }

std::string compact(std::string_view text) { return to_json(parse(text)); }

std::string cause(std::string_view text) {
  const auto failure = failure_of([text] { return parse(text); });
  if (!failure) return "none";
  CHECK(failure->code == ErrorCode::corrupt);
  return failure->message;
}

}  // namespace

TEST_CASE("JSON is made compact with sorted members") {
  CHECK(compact(" { \"b\" : [ 1 , true , null , { } ] ,\n\"a\":\"x\", \"B\":[] } ") ==
        R"({"B":[],"a":"x","b":[1,true,null,{}]})");
  CHECK(compact("\"x\"") == "\"x\"");
}

TEST_CASE("numbers keep their value") {
  struct Case {
    std::string_view text;
    std::string_view expected;
  };
  for (const auto& entry : std::initializer_list<Case>{
           {"0", "0"},
           {"-0", "0"},
           {"-0.0", "-0.0"},
           {"18446744073709551615", "18446744073709551615"},
           {"-9223372036854775808", "-9223372036854775808"},
           {"123456789012345678901234567890", "123456789012345678901234567890"},
           {"-123456789012345678901234567890", "-123456789012345678901234567890"},
           {"1.0", "1.0"},
           {"1e3", "1000.0"},
           {"1.50", "1.5"},
           {"0.1", "0.1"},
           {"1E22", "1e+22"},
           {"5e-324", "5e-324"},
       }) {
    const auto& text = entry.text;
    const auto& expected = entry.expected;
    CHECK(compact(text) == expected);
    CHECK(compact(expected) == expected);
  }
}

TEST_CASE("only what JSON demands is escaped") {
  CHECK(compact(R"("\u0041\/\"\\\b\f\n\r\t\u0001\u007f")") == "\"A/\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7F\"");
  CHECK(compact(R"("<&>\u2028\u00e9\ud83d\ude00")") == "\"<&>\xE2\x80\xA8\xC3\xA9\xF0\x9F\x98\x80\"");
}

TEST_CASE("what is not strict JSON is refused") {
  for (const std::string_view text : {"",
                                      " ",
                                      "{",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "'a'",
                                      "[1] x",
                                      "[1][2]",
                                      "// c\n1",
                                      "/* c */1",
                                      "NaN",
                                      "01",
                                      "1.",
                                      ".5",
                                      "+1",
                                      "tru",
                                      "\"\x01\"",
                                      "\"a\nb\"",
                                      "\"\\x\"",
                                      "\"\\ud800\"",
                                      "\"\\udc00\"",
                                      "\"\\ud800\\u0041\"",
                                      "1e999"}) {
    CAPTURE(text);
    CHECK(cause(text).starts_with("cannot parse test: invalid JSON at byte "));
  }
  CHECK(cause("[1}") == "cannot parse test: invalid JSON at byte 3");
  CHECK(cause("{\n  \"a\": 1,\n}") == "cannot parse test: invalid JSON at byte 13, line 3, column 1");
  CHECK(cause(std::string_view("{}\0{}", 5)) == "cannot parse test: invalid JSON at byte 3");
  CHECK(cause("\"\xC3(\"") == "cannot parse test: not UTF-8");
  CHECK(cause("\xEF\xBB\xBF{}") == "cannot parse test: begins with a byte order mark");
}

TEST_CASE("a name that is in an object twice is refused") {
  CHECK(cause(R"({"a":1,"b":2,"a":1})") == "cannot parse test: member \"a\" is there twice");
  CHECK(cause(R"([{"x":{"\u0061":1,"a":1}}])") == "cannot parse test: member \"a\" is there twice");
  CHECK(cause(R"({"a":{"a":1},"b":{"a":1}})") == "none");
}

TEST_CASE("depth, size and number of values are limited") {
  CHECK(cause(std::string(64, '[') + std::string(64, ']')) == "none");
  CHECK(cause(std::string(65, '[') + std::string(65, ']')) == "cannot parse test: nested more than 64 deep");
  CHECK(cause(std::string(400, '[')) == "cannot parse test: nested more than 64 deep");
  CHECK(cause(std::string(1001, ' ')) == "cannot parse test: 1001 bytes are more than the limit of 1000");
  const JsonLimits three_values{.size = 100, .values = 3};
  CHECK_FALSE(failure_of([&] { return parse_json("[1,2]", "test", three_values); }));
  CHECK(failure_of([&] { return parse_json("[1,2,3]", "test", three_values); })->message ==
        "cannot parse test: more than 3 values");
}

TEST_CASE("a wrong type is reported with its path") {
  const auto document = parse(R"({"a":{"b":[{"c":1},{"c":"x"}],"m":{"k":2},"n":{"p":""},"s":[7]}})");
  const JsonView a = JsonView(document, "test").at("a");
  const auto message = [](auto action) { return failure_of(action)->message; };
  CHECK(message([&] { return a.at("b").elements()[1].at("c").size(); }) ==
        "cannot parse test: a.b[1].c is not a non-negative integer");
  CHECK(message([&] { return a.find_string("b"); }) == "cannot parse test: a.b is not a string");
  CHECK(message([&] { return a.find_strings("m"); }) == "cannot parse test: a.m is not an array");
  CHECK(message([&] { return a.find_strings("s"); }) == "cannot parse test: a.s[0] is not a string");
  CHECK(message([&] { return a.find_string_map("m"); }) == "cannot parse test: a.m.k is not a string");
  CHECK(message([&] { return a.find_names("n"); }) == "cannot parse test: a.n.p is not an object");
  CHECK(message([&] { return a.at("b").boolean(); }) == "cannot parse test: a.b is not true or false");
  CHECK(message([&] { return a.at("z"); }) == "cannot parse test: a.z is missing");
  CHECK(message([] { return JsonView(parse("[]"), "test").at("x"); }) ==
        "cannot parse test: the document is not an object");
}

TEST_CASE("a size is an integer from 0 to 2^63-1") {
  const auto size = [](std::string_view text) {
    const auto value = parse(text);
    return JsonView(value, "test").size();
  };
  CHECK(size("0") == 0U);
  CHECK(size("9223372036854775807") == 9223372036854775807U);
  for (const auto* text :
       {"9223372036854775808", "18446744073709551616", "-1", "1.5", "1.0", "1e3", "\"1\"", "null", "true"}) {
    CAPTURE(text);
    CHECK(failure_of([&] { return size(text); })->code == ErrorCode::corrupt);
  }
}

TEST_CASE("members are found as Go's encoding/json finds them") {
  CHECK(same_member_name("mediaType", "MEDIATYPE"));
  CHECK(same_member_name("layers", "layer\xC5\xBF"));  // long s
  CHECK(same_member_name("\xE2\x84\xAA", "k"));        // Kelvin sign
  CHECK_FALSE(same_member_name("os", "os.version"));
  CHECK_FALSE(same_member_name("\xC3\x9C", "\xC3\xBC"));  // only the first letters of ASCII fold

  const auto document = parse(R"({"Env":["a"],"User":"x","user":"root","Null":null})");
  const JsonView view(document, "test");
  CHECK(view.find_strings("env") == std::vector<std::string>{"a"});
  CHECK(failure_of([&] { return view.find_string("User"); })->message ==
        "cannot parse test: the document has both members \"User\" and \"user\"");
  CHECK_FALSE(view.find("null"));
  CHECK(view.contains("null"));
  constexpr std::array<std::string_view, 2> kKnown = {"env", "uSER"};
  CHECK(view.others(kKnown).empty());
}

TEST_CASE("an object is written in the order of the calls without empty members") {
  JsonObjectWriter writer;
  CHECK(writer.finish() == "{}");
  writer.string("z", "1\"\n");
  writer.string("empty", "");
  writer.strings("a", std::vector<std::string>{"x", ""});
  writer.strings("none", {});
  writer.string_map("m", {{"b", ""}, {"B", "2"}});
  writer.string_map("none", {});
  writer.names("n", {"/b", "/a"});
  writer.flag("no", false);
  writer.flag("yes", true);
  writer.json("j", "[1]");
  CHECK(writer.finish() ==
        R"({"z":"1\"\n","a":["x",""],"m":{"B":"2","b":""},"n":{"/a":{},"/b":{}},"yes":true,"j":[1]})");
}

TEST_CASE("text that is not UTF-8 is not written") {
  JsonObjectWriter writer;
  const auto failure = failure_of([&] { return writer.string("author", "\xFF"), 0; });
  CHECK(failure->code == ErrorCode::invalid_argument);
  CHECK(failure->message == "cannot write member \"author\": not UTF-8");
  CHECK(failure_of([] { return json_string("\xC0\x80"); })->code == ErrorCode::invalid_argument);
  CHECK(failure_of([&] { return writer.string_map("m", {{"\xFF", ""}}), 0; })->code == ErrorCode::invalid_argument);
}

TEST_CASE("unknown members are checked before they are written") {
  constexpr std::array<std::string_view, 1> kKnown = {"User"};
  JsonObjectWriter writer;
  writer.unknown({{"b", " [ 1 ] "}, {"a", "null"}, {"B", R"({"y":1,"x":2})"}}, kKnown);
  CHECK(writer.finish() == R"({"B":{"x":2,"y":1},"b":[1]})");
  const auto code = [&](std::string_view name, std::string_view json) {
    return failure_of([&] { return writer.unknown({{std::string(name), std::string(json)}}, kKnown), 0; })->code;
  };
  CHECK(code("x", "") == ErrorCode::invalid_argument);
  CHECK(code("x", "1,\"User\":\"root\"") == ErrorCode::invalid_argument);
  CHECK(code("user", "\"root\"") == ErrorCode::invalid_argument);
}
