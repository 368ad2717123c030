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
