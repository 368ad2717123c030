// SPDX-License-Identifier: Apache-2.0
// Expected values are those of BuildKit's own rules (its "shell" package), each worked out by hand.
#include "recipe/import/words.hpp"

#include <doctest/doctest.h>

#include "ociassemble/error.hpp"

using namespace ociassemble;

namespace {

const std::map<std::string, std::string> kWordValues{
    {"v", "x"},         {"e", ""},       {"TAG", "v1.2.3"}, {"PATHS", "/a/b/a"}, {"BLANKS", " one  two "},
    {"STARS", "a*b*c"}, {"UMLAUT", "öl"}};

std::string word_of(std::string_view text, char escape = '\\') {
  KnownVariables variables(kWordValues);
  try {
    return expand_docker_words(text, {escape}, variables).text;
  } catch (const Error&) {
    return "error";
  }
}

using WordList = std::vector<std::string>;

WordList words_of(std::string_view text) {
  KnownVariables variables(kWordValues);
  return expand_docker_words(text, {}, variables).words;
}

}  // namespace

TEST_CASE("quotes and escapes are taken off as BuildKit does") {
  CHECK(word_of("a'b c'd") == "ab cd");
  CHECK(word_of("\"a\\tb\"") == "a\\tb");
  CHECK(word_of("a\\tb") == "atb");
  CHECK(word_of("\"a\\\"b\"") == "a\"b");
  CHECK(word_of("'a\\'") == "a\\");
  CHECK(word_of("end\\") == "end");
  CHECK(word_of("end\\\\") == "end\\");
  CHECK(word_of("it's") == "error");
  CHECK(word_of("\"open\\\"") == "error");
  CHECK(word_of("C:\\dir`$v", '`') == "C:\\dir$v");
}

TEST_CASE("variables are put in outside single quotes") {
  CHECK(word_of("$v ${v}y '$v' \\$v \"$v\"") == "x xy $v $v x");
  CHECK(word_of("$.$v") == "$.x");
  CHECK(word_of("$unknown.") == ".");
  CHECK(word_of("${unclosed") == "error");
  CHECK(word_of("${}") == "error");
  CHECK(word_of("${:x}") == "error");
  CHECK(word_of("${v=x}") == "error");
  CHECK(word_of("${v:#x}") == "error");
}

TEST_CASE("special and positional parameters are never set") {
  CHECK(word_of("[$1][$@][$#][$?][$-][$$][$!][$0][$*]") == "[][][][][][][][][]");
  CHECK(word_of("$12a") == "a");
  CHECK(word_of("${1:-one}${@:+all}") == "one");
}

TEST_CASE("a default stands for what is unset, with a colon also for what is empty") {
  CHECK(word_of("${v:-word}${u:-word}${e:-word}") == "xwordword");
  CHECK(word_of("${v-word}${u-word}${e-word}") == "xword");
  CHECK(word_of("${v:+word}${u:+word}${e:+word}") == "word");
  CHECK(word_of("${v+word}${u+word}${e+word}") == "wordword");
  CHECK(word_of("${u:-${w:-$v}}") == "x");
  CHECK(word_of("${u:-a b}") == "a b");
  CHECK(word_of("${v?}${e?}") == "x");
  CHECK(word_of("${e:?}") == "error");
  CHECK(word_of("${u?it is missing}") == "error");
}

TEST_CASE("patterns take the shortest or the longest of either end away") {
  CHECK(word_of("${TAG#v}") == "1.2.3");
  CHECK(word_of("${TAG#*.}") == "2.3");
  CHECK(word_of("${TAG##*.}") == "3");
  CHECK(word_of("${TAG%.*}") == "v1.2");
  CHECK(word_of("${TAG%%.*}") == "v1");
  CHECK(word_of("${TAG#?}") == "1.2.3");
  CHECK(word_of("${TAG#x}") == "v1.2.3");
  CHECK(word_of("${TAG#}") == "v1.2.3");
  CHECK(word_of("${STARS%%\\**}") == "a");
  CHECK(word_of("${UMLAUT#?}") == "l");
  CHECK(word_of("${u#x}") == "");
  CHECK(word_of("${TAG#\\x}") == "error");
}

TEST_CASE("a slash replaces the first match, two replace all") {
  CHECK(word_of("${TAG/./-}") == "v1-2.3");
  CHECK(word_of("${TAG//./-}") == "v1-2-3");
  CHECK(word_of("${PATHS//\\/a/_}") == "_/b_");
  CHECK(word_of("${TAG//[0-9]/n}") == "v1.2.3");
  CHECK(word_of("${TAG//?/n}") == "nnnnnn");
  CHECK(word_of("${v//y*/n}") == "x");
  CHECK(word_of("${e//*/n}") == "n");
  CHECK(word_of("${TAG/x}") == "error");
}

TEST_CASE("words are divided at blanks that are not quoted, those of values included") {
  CHECK(words_of("a$BLANKS\"$BLANKS\"b") == WordList{"a", "one", "two", " one  two b"});
  CHECK(words_of("a\\ b '' c") == WordList{"a b", "c"});
  CHECK(words_of("<< EOF x") == WordList{"<< EOF", "x"});
}

TEST_CASE("a value that grows over 1 MiB, and variables nested too deep, are errors") {
  const std::map<std::string, std::string> values{{"big", std::string(600000, 'x')}};
  KnownVariables variables(values);
  CHECK_THROWS_AS(expand_docker_words("$big$big$big", {}, variables), Error);
  std::string nested = "x";
  for (int i = 0; i < 100; ++i) nested = "${u:-" + nested + "}";
  CHECK(word_of(nested) == "error");
}
