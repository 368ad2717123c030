// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "assemble/capability.hpp"
#include "assemble/timestamp.hpp"
#include "ociassemble/command_words.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/report.hpp"

using namespace ociassemble;

TEST_CASE("seconds become RFC 3339 in UTC") {
  CHECK(format_timestamp(0) == "1970-01-01T00:00:00Z");
  CHECK(format_timestamp(951782400) == "2000-02-29T00:00:00Z");
  CHECK(format_timestamp(1700000000) == "2023-11-14T22:13:20Z");
  CHECK(format_timestamp(253402300799) == "9999-12-31T23:59:59Z");
  CHECK_THROWS_AS(format_timestamp(253402300800), Error);
}

TEST_CASE("a command is plain words or a JSON array") {
  using Words = std::vector<std::string>;
  CHECK(parse_command_words("/app  serve -v ") == Words{"/app", "serve", "-v"});
  CHECK(parse_command_words(R"(["/app", "a b", ""])") == Words{"/app", "a b", ""});
  CHECK(parse_command_words("").empty());
  CHECK(parse_command_words("[]").empty());
  for (const char* text : {R"(/app "a b")", R"(["/app")", "[1]", "/app 'x'", "/app a\\ b", R"(["a", null])"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_command_words(text), Error);
  }
}

TEST_CASE("net_bind_service is the attribute that setcap writes") {
  // setcap cap_net_bind_service=ep FILE; getfattr -n security.capability -e hex FILE
  const std::string expected("\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
  CHECK(capability_xattr({"net_bind_service"}) == expected);
  CHECK(capability_xattr({"CAP_NET_BIND_SERVICE"}) == expected);
  CHECK_THROWS_AS(capability_xattr({"net_bind"}), Error);
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
