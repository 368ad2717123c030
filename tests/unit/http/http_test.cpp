// SPDX-License-Identifier: Apache-2.0
#include "http/http.hpp"

#include <doctest/doctest.h>

using namespace ociassemble;

TEST_CASE("header names compare without regard to case") {
  const HttpHeaders headers{{"Content-Length", "12"}, {"link", "<a>"}, {"Link", "<b>"}};
  CHECK(headers.find("content-length") == "12");
  CHECK(headers.find("LINK") == "<a>");
  CHECK(headers.all("Link") == std::vector<std::string>{"<a>", "<b>"});
  CHECK_FALSE(headers.find("Location").has_value());
}

TEST_CASE("a number in a header is digits and nothing else") {
  const HttpHeaders headers{
      {"a", "18446744073709551615"}, {"b", "18446744073709551616"}, {"c", "-1"}, {"d", "1 "}, {"e", ""}};
  CHECK(headers.find_number("a") == UINT64_MAX);
  for (const char* name : {"b", "c", "d", "e", "f"}) {
    CAPTURE(name);
    CHECK_FALSE(headers.find_number(name).has_value());
  }
}

TEST_CASE("an HTTP date is read in its three spellings") {
  // RFC 9110, section 5.6.7: all of them are 784111777 seconds after 1970.
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == 784111777);
  CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT") == 784111777);
  CHECK(parse_http_date("Sun Nov  6 08:49:37 1994") == 784111777);
  for (const char* text : {"", "120", "Monday", "tomorrow", "Sun, 99 Foo 1994 99:99:99 GMT"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_http_date(text).has_value());
  }
}
