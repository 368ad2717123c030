// SPDX-License-Identifier: Apache-2.0
#include "base/folded_name.hpp"

#include <doctest/doctest.h>

using namespace ociassemble;

TEST_CASE("names are the same in any case, and composed or decomposed") {
  CHECK(folded_name("\xC3\x89") == "e\xCC\x81");                 // two bytes
  CHECK(folded_name("\xE3\x83\x86") == "\xE3\x83\x86");          // three
  CHECK(folded_name("\xF0\x9F\x98\x80") == "\xF0\x9F\x98\x80");  // four
  CHECK(folded_name("README.md") == folded_name("Readme.MD"));
  CHECK(folded_name("caf\xC3\xA9") == folded_name("cafe\xCC\x81"));
  CHECK(folded_name("CAF\xC3\x89") == folded_name("cafe\xCC\x81"));
  CHECK(folded_name("\xD0\x96") == folded_name("\xD0\xB6"));                                  // Cyrillic Zhe
  CHECK(folded_name("\xCE\xA3") == folded_name("\xCF\x83"));                                  // Greek Sigma
  CHECK(folded_name("\xE1\xBA\xA4") == folded_name("a\xCC\x82\xCC\x81"));                     // A, circumflex, acute
  CHECK(folded_name("\xED\x95\x9C") == folded_name("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB"));  // Hangul han
  CHECK(folded_name("\xE3\x81\x8C") == folded_name("\xE3\x81\x8B\xE3\x82\x99"));              // Hiragana ga
}

TEST_CASE("other names stay apart, and so do bytes that are no UTF-8") {
  CHECK(folded_name("a") != folded_name("b"));
  CHECK(folded_name("cafe") != folded_name("caf\xC3\xA9"));
  CHECK(folded_name("\xC3") != folded_name("\xA9"));
  CHECK(folded_name("\xE9") != folded_name("\xC3\xA9"));
  CHECK(folded_name("").empty());
}
