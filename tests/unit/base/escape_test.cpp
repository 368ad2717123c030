// SPDX-License-Identifier: Apache-2.0
#include "base/escape.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "ociassemble/error.hpp"

using namespace ociassemble;

namespace {

struct EscapeRow {
  std::string_view text;
  std::string_view expected;
};

}  // namespace

TEST_CASE("a name for make is a name, whatever it holds") {
  const EscapeRow rows[] = {
      {"web/index.html", "web/index.html"},
      {"a b", "a\\ b"},
      {"a#b", "a\\#b"},
      {"50%", "50\\%"},
      {"c:d", "c\\:d"},
      {"$(shell touch x)", "$$?shell\\ touch\\ x?"},
      {"a\nb", "a?b"},
      {"a\r\tb", "a??b"},
      {"a=\ninclude\tassets", "a??include?assets"},
      {"SHELL=evil", "SHELL?evil"},
      {"a; touch x", "a?\\ touch\\ x"},
      {"a&", "a?"},
      {"a|b", "a?b"},
      {"lib(member)", "lib?member?"},
      {"a\\", "a?"},
      {"a\\#b", "a?\\#b"},
      {"*.c[ab]?", "?.c?ab??"},
      {"~root", "?root"},
      {"\xC3\xA9", "\xC3\xA9"},
      {"\x7F", "?"},
  };
  for (const auto& row : rows) CHECK(make_name(row.text) == row.expected);
}

TEST_CASE("a rule's own target cannot be a pattern: what has no escape is refused") {
  CHECK(make_target("out dir/image.tar") == "out\\ dir/image.tar");
  CHECK(make_target("127.0.0.1:5000/app:v1") == "127.0.0.1\\:5000/app\\:v1");
  CHECK_THROWS_WITH_AS(make_target("a\nb"),
                       "cannot write a rule for make about a?b: its name holds a control character", Error);
  CHECK_THROWS_WITH_AS(make_target("a=b"), "cannot write a rule for make about a=b: its name holds '='", Error);
  CHECK_THROWS_AS(make_target("a;b"), Error);
  CHECK_THROWS_AS(make_target("*"), Error);
  CHECK_THROWS_AS(make_target(""), Error);
}

TEST_CASE("a string of JSON holds no character that a terminal obeys") {
  const EscapeRow rows[] = {
      {"", R"("")"},
      {"a\"b\\c/", R"("a\"b\\c/")"},
      {"\b\f\n\r\t", R"("\b\f\n\r\t")"},
      {{"\0\x1b\x7f", 3}, R"("\u0000\u001b\u007f")"},
      {"\xC2\x9B", R"("\u009b")"},                        // CSI
      {"\xE2\x80\xAE\xE2\x81\xA6", R"("\u202e\u2066")"},  // bidirectional override, isolate
      {"\xE2\x80\xA8\xE2\x80\xA9", R"("\u2028\u2029")"},  // separators
      {"\xC3\xA9\xF0\x9F\x94\x91", "\"\xC3\xA9\xF0\x9F\x94\x91\""},
      {"\xC3", "\"\xEF\xBF\xBD\""},
  };
  for (const auto& row : rows) CHECK(quoted_json(row.text) == row.expected);
}

TEST_CASE("a word of a shell is one word") {
  const EscapeRow rows[] = {
      {"ghcr.io/team/app:v1@sha256:ab", "ghcr.io/team/app:v1@sha256:ab"},
      {"", "''"},
      {"a b", "'a b'"},
      {"$(rm -rf x)", "'$(rm -rf x)'"},
      {"it's", R"('it'\''s')"},
      {"a;b", "'a;b'"},
      {"~", "'~'"},
      {"a\nb", "'a?b'"},
      {"\x1b[31m", "'?[31m'"},
  };
  for (const auto& row : rows) CHECK(shell_word(row.text) == row.expected);
}

TEST_CASE("a field of HTTP holds nothing that would begin another") {
  for (const char* name : {"Content-Type", "X_1", "a!#$%&'*+-.^_`|~"}) CHECK(is_field_name(name));
  for (const char* name : {"", "a b", "a:", "a\r\nb", "a\x7F", "\xC3\xA9"}) CHECK_FALSE(is_field_name(name));
  for (const char* value : {"", "a b\tc", "\xC3\xA9", "\"q\""}) CHECK(is_field_value(value));
  for (const std::string_view value : {std::string_view("a\r\nb: c"), std::string_view("a\nb"),
                                       std::string_view("a\0b", 3), std::string_view("\x7F")}) {
    CHECK_FALSE(is_field_value(value));
  }
}
