// SPDX-License-Identifier: Apache-2.0
#include "spec/timestamp.hpp"

#include <doctest/doctest.h>

#include "ociassemble/error.hpp"

using namespace ociassemble;

TEST_CASE("seconds become RFC 3339 in UTC") {
  CHECK(format_timestamp(0) == "1970-01-01T00:00:00Z");
  CHECK(format_timestamp(951782400) == "2000-02-29T00:00:00Z");
  CHECK(format_timestamp(1700000000) == "2023-11-14T22:13:20Z");
  CHECK(format_timestamp(253402300799) == "9999-12-31T23:59:59Z");
  CHECK_THROWS_AS(format_timestamp(253402300800), Error);
}

TEST_CASE("times are read as RFC 3339 has them, or as seconds") {
  // From `date -u -d TEXT +%s`.
  CHECK(parse_time("1970-01-01T00:00:00Z") == 0);
  CHECK(parse_time("2023-11-14T22:13:20Z") == 1700000000);
  CHECK(parse_time("2023-11-14T23:13:20.999+01:00") == 1700000000);
  CHECK(parse_time("2024-02-29 12:00:00-05:30") == 1709227800);
  CHECK(parse_time("2000-03-01t00:00:00z") == 951868800);
  CHECK(parse_time("9999-12-31T23:59:59Z") == 253402300799);
  CHECK(parse_time("1700000000") == 1700000000);
  for (const char* text :
       {"", "x", "-1", "1969-12-31T23:59:59Z", "2023-02-29T00:00:00Z", "2023-13-01T00:00:00Z", "2023-00-01T00:00:00Z",
        "2023-01-01T24:00:00Z", "2023-01-01", "2023-01-01T00:00:00", "2023-01-01T00:00:00+1:00",
        "2023-01-01T00:00:00.Z", "2023-01-01T00:00:00Zx", "253402300800", "99999999999999999999"}) {
    CAPTURE(std::string(text));
    CHECK_THROWS_AS(parse_time(text), Error);
  }
}
