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
  // From `date -u -d TEXT +%s`; the last is after 2106, where a time_t of 32 bits ends, whatever its sign.
  CHECK(parse_http_date("Thu, 29 Feb 2024 23:59:60 GMT") == 1709251200);
  CHECK(parse_http_date("Tuesday, 19-Jan-38 03:14:08 GMT") == 2147483648);
  CHECK(parse_http_date("Sat, 01 Jan 2107 00:00:00 GMT") == 4323283200);
  for (const char* text :
       {"", "120", "Monday", "tomorrow", "Sun, 99 Foo 1994 99:99:99 GMT", "Thu, 30 Feb 2024 00:00:00 GMT",
        "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 EST", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT", "06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT GMT",
        "Thu, 01 Jan 1969 00:00:00 GMT"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_http_date(text).has_value());
  }
}
