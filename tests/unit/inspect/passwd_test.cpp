// SPDX-License-Identifier: Apache-2.0
#include "inspect/passwd.hpp"

#include <doctest/doctest.h>

#include <string>

#include "ociassemble/error.hpp"

using namespace ociassemble;
using namespace std::string_literals;

namespace {

constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/bash\n"
    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
    "www-data:x:33:34:www-data:/var/www:/usr/sbin/nologin\n"
    "1000:x:7:8::/odd:/bin/sh\n";
constexpr std::string_view kGroup =
    "root:x:0:\n"
    "staff:x:50:root,daemon\n"
    "nogroup:x:65534:\n";

std::string numbers(std::string_view user) { return lookup_user(user, kPasswd, kGroup).to_string(); }

Error error_of(std::string_view user, std::string_view passwd = kPasswd, std::string_view group = kGroup) {
  try {
    lookup_user(user, passwd, group);
  } catch (const Error& error) {
    return error;
  }
  FAIL("was found: " << std::string(user));
  return {ErrorCode::io, ""};
}

}  // namespace

TEST_CASE("a passwd line has name, uid, gid, home and shell") {
  const auto entries = parse_passwd("www-data:x:33:34:The web,,,:/var/www:/usr/sbin/nologin\n");
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].name == "www-data");
  CHECK(entries[0].uid == 33);
  CHECK(entries[0].gid == 34);
  CHECK(entries[0].home == "/var/www");
  CHECK(entries[0].shell == "/usr/sbin/nologin");
}

TEST_CASE("a last line without a newline, and one without home and shell, are entries") {
  const auto entries = parse_passwd("a:x:1:2\nb:x:4294967294:3::/b");
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].home.empty());
  CHECK(entries[1].uid == 4294967294U);
  CHECK(entries[1].home == "/b");
}

TEST_CASE("passwd lines that do not parse are skipped") {
  const auto entries = parse_passwd(
      "\n"
      "# comment:x:1:1::/:\n"
      "+::::::\n"
      "-nis:x:1:1::/:\n"
      ":x:1:1::/:\n"
      "nothing\n"
      "no-gid:x:1\n"
      "word:x:one:1::/:\n"
      "negative:x:-1:1::/:\n"
      "huge:x:4294967295:1::/:\n"
      "vast:x:99999999999999999999:1::/:\n"
      "hex:x:0x10:1::/:\n"
      "  blank:x:5:6::/:\n");
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].name == "blank");
}

TEST_CASE("a group line has name and gid, and bad ones are skipped") {
  const auto entries = parse_group("root:x:0:\nstaff:x:50:a,b\nbad:x:y:\nshort\nlast:x:7");
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].name == "root");
  CHECK(entries[1].gid == 50);
  CHECK(entries[2].name == "last");
}

TEST_CASE("no text is no entries") {
  CHECK(parse_passwd("").empty());
  CHECK(parse_group("").empty());
}

TEST_CASE("a name has its entry's numbers and home") {
  const auto user = lookup_user("www-data", kPasswd, kGroup);
  CHECK(user.uid == 33);
  CHECK(user.gid == 34);
  CHECK(user.home == "/var/www");
  CHECK(user.to_string() == "33:34");
}

TEST_CASE("a number is a user ID, with the group and home of its entry where there is one") {
  CHECK(numbers("33") == "33:34");
  CHECK(lookup_user("33", kPasswd, kGroup).home == "/var/www");
  CHECK(numbers("65532") == "65532:0");
  CHECK(lookup_user("65532", kPasswd, kGroup).home.empty());
  CHECK(numbers("0") == "0:0");
  CHECK(numbers("007") == "7:8");
}

TEST_CASE("a number is never a name") { CHECK(numbers("1000") == "1000:0"); }

TEST_CASE("a group is a name or a number, in any mix") {
  CHECK(numbers("www-data:staff") == "33:50");
  CHECK(numbers("www-data:7") == "33:7");
  CHECK(numbers("65532:staff") == "65532:50");
  CHECK(numbers("65532:65532") == "65532:65532");
  CHECK(numbers("4294967294:4294967294") == "4294967294:4294967294");
  CHECK(lookup_user("33:7", kPasswd, kGroup).home == "/var/www");
}

TEST_CASE("numbers need no files at all") {
  CHECK(lookup_user("65532:65532", "", "").to_string() == "65532:65532");
  CHECK(lookup_user("12", "", "").to_string() == "12:0");
}

TEST_CASE("the first of two entries counts") {
  CHECK(lookup_user("a", "a:x:1:2::/one:\na:x:3:4::/two:\n", "").to_string() == "1:2");
  CHECK(lookup_user("9", "a:x:9:2::/one:\nb:x:9:4::/two:\n", "").home == "/one");
}

TEST_CASE("an unknown user is not found, and the message lists those that there are") {
  const auto error = error_of("app");
  CHECK(error.code() == ErrorCode::not_found);
  CHECK(error.what() == "cannot find user \"app\": the base's /etc/passwd has root, daemon, www-data, 1000"s);
  CHECK(error.hint() == "name one that the base has, or use numbers, such as 65532:65532");
}

TEST_CASE("an unknown group is not found, and the message lists those that there are") {
  const auto error = error_of("root:wheel");
  CHECK(error.code() == ErrorCode::not_found);
  CHECK(error.what() == "cannot find group \"wheel\": the base's /etc/group has root, staff, nogroup"s);
}

TEST_CASE("a name that looks like a number with a sign or letters is no number") {
  CHECK(error_of("1000x").code() == ErrorCode::not_found);
  CHECK(error_of("0x10").code() == ErrorCode::not_found);
  CHECK(error_of("+5").code() == ErrorCode::not_found);
  CHECK(error_of("-1").code() == ErrorCode::invalid_argument);
}

TEST_CASE("a base without users says so") {
  CHECK(error_of("app", "", "").what() == "cannot find user \"app\": the base's /etc/passwd has no entries"s);
}

TEST_CASE("of many users the nearest is named") {
  std::string passwd = "www-data:x:33:33::/:\n";
  for (int i = 0; i < 20; ++i) passwd += "user" + std::to_string(i) + "00:x:1:1::/:\n";
  CHECK(error_of("www-date", passwd).what() ==
        "cannot find user \"www-date\": the base's /etc/passwd has no such name; did you mean www-data?"s);
  CHECK(error_of("zzzzzzzzzzzz", passwd).what() ==
        "cannot find user \"zzzzzzzzzzzz\": the base's /etc/passwd has 21 other names"s);
}

TEST_CASE("names in messages hold no control characters") {
  CHECK(error_of("app", "r\x1b[2Jt:x:0:0::/:\n").what() ==
        "cannot find user \"app\": the base's /etc/passwd has r?[2Jt"s);
}

TEST_CASE("text that is no user is an invalid argument") {
  for (const std::string_view text : {"", ":", "root:", ":root", "root:root:root", "a b", "root\n", " root", "root: 5",
                                      "4294967295", "0:4294967295", "99999999999999999999999", "-1:0", "0:-1"}) {
    CAPTURE(text);
    CHECK(error_of(text).code() == ErrorCode::invalid_argument);
  }
  CHECK(error_of("4294967295").what() == "cannot use user \"4294967295\": 4294967295 is over 4294967294"s);
}
