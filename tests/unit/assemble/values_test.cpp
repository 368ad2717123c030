// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "assemble/capability.hpp"
#include "ociassemble/command_words.hpp"
#include "ociassemble/error.hpp"

using namespace ociassemble;

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
