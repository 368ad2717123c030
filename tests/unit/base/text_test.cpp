// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace ociassemble;

TEST_CASE("well-formed UTF-8 is accepted") {
  for (const std::string text :
       {"", "plain", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF",
        "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "gr\xC3\xBC\xC3\x9F"}) {
    CAPTURE(text);
    CHECK(is_valid_utf8(text));
  }
  CHECK(is_valid_utf8(std::string_view("\0", 1)));
}

TEST_CASE("ill-formed UTF-8 is refused") {
  // Stray and missing continuations, overlong forms, surrogates, over U+10FFFF, bytes that never occur.
  for (const std::string text : {"\x80",
                                 "a\xBF",
                                 "\xC2",
                                 "\xC2\x41",
                                 "\xE2\x82",
                                 "\xE2\x82\x41",
                                 "\xF0\x9F\x98",
                                 "\xC0\x80",
                                 "\xC1\xBF",
                                 "\xE0\x80\x80",
                                 "\xE0\x9F\xBF",
                                 "\xF0\x80\x80\x80",
                                 "\xF0\x8F\xBF\xBF",
                                 "\xED\xA0\x80",
                                 "\xED\xBF\xBF",
                                 "\xF4\x90\x80\x80",
                                 "\xF5\x80\x80\x80",
                                 "\xF8\x88\x80\x80\x80",
                                 "\xFE",
                                 "\xFF"}) {
    CAPTURE(text);
    CHECK_FALSE(is_valid_utf8(text));
  }
}

TEST_CASE("text for an error message is one line of limited length") {
  CHECK(printable("a\nb\x1B[31m\x7F") == "a?b?[31m?");
  CHECK(printable("\xC3\xBC\xFF") == "\xC3\xBC?");
  CHECK(printable(std::string(200, 'x')) == std::string(200, 'x'));
  CHECK(printable(std::string(201, 'x')) == std::string(200, 'x') + "...");
}

TEST_CASE("the nearest candidate is the one with the fewest typing errors") {
  constexpr std::array<std::string_view, 4> kWords = {"binary", "base", "output", "platform"};
  CHECK(nearest("binray", kWords) == "binary");
  CHECK(nearest("Base", kWords) == "base");
  CHECK(nearest("bas", kWords) == "base");
  CHECK(nearest("platfrom", kWords) == "platform");
  CHECK(nearest("outputs", kWords) == "output");
  CHECK(nearest("label", kWords) == std::nullopt);
  CHECK(nearest("", kWords) == std::nullopt);
  CHECK(nearest(std::string(1000, 'b'), kWords) == std::nullopt);
}

TEST_CASE("somebody else's text is made fit for one line") {
  CHECK(excerpt("a\tb\r\nc\x1b[0m\x7f") == "a b  c [0m ");
  CHECK(excerpt("gr\xc3\xbc\xc3\x9f\xff\xc2\x85.") == "gr\xc3\xbc\xc3\x9f? .");
  CHECK(excerpt("12345", 3) == "123...");
}

TEST_CASE("sizes print in decimal units with one digit") {
  CHECK(format_size(0) == "0 B");
  CHECK(format_size(999) == "999 B");
  CHECK(format_size(1000) == "1.0 kB");
  CHECK(format_size(999949) == "999.9 kB");
  CHECK(format_size(999950) == "1.0 MB");
  CHECK(format_size(12345678) == "12.3 MB");
}

TEST_CASE("text from an image cannot play with a terminal") {
  CHECK(terminal_text("a\x1b[31mb\n") == "a?[31mb?");
  CHECK(terminal_text("gr\xc3\xbc\xc3\x9f") == "gr\xc3\xbc\xc3\x9f");
  const std::string control = "\xc2\x9b";
  CHECK(terminal_text(control + "31m") == "?31m");
}
