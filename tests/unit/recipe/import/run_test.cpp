// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/run.hpp"

#include <doctest/doctest.h>

#include "imported.hpp"

using namespace ociassemble;
using test::holds;
using test::imported;
using test::members_of;

namespace {

using Strings = std::vector<std::string>;

std::vector<ShellCommand> split_script(std::string_view script) {
  return shell_commands(script, [](const std::string& name) -> std::optional<std::string> {
    if (name == "V") return "a b";
    return {};
  });
}

RunEffects script_effects(std::string_view script) {
  NewAccounts accounts;
  return effects_of(split_script(script), accounts);
}

}  // namespace

TEST_CASE("a script is divided at its operators, outside quotes") {
  const auto commands = split_script("a 'b && c' && d \"$V\"; e\\ f || g # h\ni \\\n j &");
  REQUIRE(commands.size() == 5);
  CHECK(commands[0].words == Strings{"a", "b && c"});
  CHECK(commands[1].words == Strings{"d", "a b"});
  CHECK(commands[2].words == Strings{"e f"});
  CHECK(commands[3].words == Strings{"g"});
  CHECK(commands[4].words == Strings{"i", "j"});
  CHECK(commands[1].text == "d \"$V\"");
}

TEST_CASE("what only a shell can do is known") {
  for (const char* script : {"a $(b c)", "a `b`", "a > b", "a | b", "a *.c", "a $UNKNOWN", "a ${V:-x}", "(a)"}) {
    CAPTURE(script);
    CHECK(split_script(script).at(0).needs_shell);
  }
  CHECK_FALSE(split_script("a '$(b)' '*' $V").at(0).needs_shell);
}

TEST_CASE("packages are told apart: certificates and zone data, and others by name") {
  const auto effects = script_effects("apk add --no-cache ca-certificates=2024 tzdata tini && apk --no-cache add curl");
  CHECK(effects.certificates);
  CHECK(effects.zone_data);
  CHECK(effects.left == Strings{"install tini", "install curl"});
  CHECK(script_effects("set -eux; apt-get update && apt-get -y install --no-install-recommends ca-certificates && "
                       "update-ca-certificates && rm -rf /var/lib/apt/lists/*")
            .left.empty());
  CHECK(script_effects("rm -rf /etc/x").left == Strings{"rm -rf /etc/x"});
}

TEST_CASE("folders that are made and given away are known") {
  const auto effects = script_effects("mkdir -p -m 0700 /data /logs && chown -R app:app /data && chgrp g /logs");
  CHECK(effects.made == Strings{"/data", "/logs"});
  REQUIRE(effects.owners.size() == 2);
  CHECK(effects.owners[0].path == "/data");
  CHECK(effects.owners[0].value == "app:app");
  CHECK(effects.owners[0].is_recursive);
  CHECK(effects.owners[1].value == ":g");
  CHECK_FALSE(effects.owners[1].is_recursive);
  REQUIRE(effects.modes.size() == 2);
  CHECK(effects.modes[1].path == "/logs");
  CHECK(effects.modes[1].value == "0700");
  CHECK(effects.left.empty());
  for (const char* script : {"mkdir --mode=0700 /d", "mkdir -m0700 /d", "mkdir -pm 0700 /d", "install -d -m 0700 /d",
                             "mkdir /d && chmod 0700 /d"}) {
    CAPTURE(script);
    const auto made = script_effects(script);
    CHECK(made.made == Strings{"/d"});
    REQUIRE(made.modes.size() == 1);
    CHECK(made.modes[0].value == "0700");
  }
  CHECK(script_effects("install -d -o app -g staff /d").owners.at(0).value == "app:staff");
  CHECK(script_effects("chmod --reference=/a /b").left == Strings{"chmod --reference=/a /b"});
  CHECK(script_effects("mkdir -p $X").left == Strings{"mkdir -p $X"});
}

TEST_CASE("what is made, given away or called a volume is writable") {
  const auto recipe = imported(
      "FROM alpine\nRUN mkdir -p /data && chown 5:5 /data\nVOLUME /var/lib/app\nWORKDIR /srv\nRUN mkdir cache\nUSER "
      "5\n");
  CHECK(holds(recipe, "\"writable\": [\"/data\", \"/var/lib/app\", \"/srv/cache\"]"));
  CHECK_FALSE(holds(recipe, "not carried over"));
}

TEST_CASE("the mode of a folder, and an owner that is not the user, are named") {
  const auto recipe = imported(
      "FROM alpine\nRUN mkdir -m 0700 /a && mkdir -p /b /c && chmod 1777 /b && chmod 755 /c && chown 6:6 /a && chown "
      "5 /b\nUSER 5\n");
  CHECK(holds(recipe, "\"writable\": [\"/a\", \"/b\", \"/c\"]"));
  CHECK(holds(recipe, "// Line 2: the mode 0700 of the folder /a is not carried over"));
  CHECK(holds(recipe, "// Line 2: the mode 1777 of the folder /b is not carried over"));
  CHECK_FALSE(holds(recipe, "of the folder /c"));
  CHECK(holds(recipe, "// Line 2: /a is the image's user's here, not that of 6:6."));
  CHECK_FALSE(holds(recipe, "/b is the image's user's"));
  CHECK(holds(recipe, "// Each folder under \"writable\" is a volume, and belongs to the image's user."));
}

TEST_CASE("chmod and chown of a file of the image are its mode and owner") {
  const auto recipe = imported(
      "FROM alpine\nCOPY run.sh /\nCOPY a.pem b.pem /keys/\nCOPY web /web\nRUN chmod +x /run.sh && chmod 0400 "
      "/keys/a.pem && chown 5:6 /keys/b.pem && chown -R 7 /web && chmod g+s /web\n");
  CHECK(holds(recipe, "\"/\": {\"source\": \"run.sh\", \"mode\": \"0755\"}"));
  CHECK(holds(recipe, "// Line 5: /run.sh has mode 0755 here, for chmod +x /run.sh."));
  CHECK(holds(recipe, "{\"source\": \"a.pem\", \"mode\": \"0400\"}, {\"source\": \"b.pem\", \"owner\": \"5:6\"}"));
  CHECK(holds(recipe, "\"/web\": {\"source\": \"web\", \"owner\": \"7:0\"}"));
  CHECK(holds(recipe, "the mode g+s of the folder /web is not carried over"));
  CHECK_FALSE(holds(recipe, "writable\": ["));
}

TEST_CASE("a file that is given away is no folder, whatever its name") {
  const auto recipe = imported("FROM alpine\nCOPY a.sh LICENSE /opt/\nRUN chown 7:8 /opt/LICENSE\n");
  CHECK(holds(recipe, "{\"source\": \"LICENSE\", \"owner\": \"7:8\"}"));
  CHECK_FALSE(holds(recipe, "\"writable\": ["));
}

TEST_CASE("an owner of what no copy is known to bring is named, not made a folder") {
  const auto recipe = imported(
      "FROM alpine AS b\nRUN make /x\nFROM alpine\nCOPY --from=b /x /bin/x\nCOPY rootfs /\nRUN chown 5 /bin/x "
      "/start.sh /data\n");
  CHECK_FALSE(holds(recipe, "writable"));
  CHECK(holds(recipe, "// Line 6: RUN chown 5 /bin/x /start.sh /data: not carried over: chown 5 /bin/x"));
}

TEST_CASE("the folder of an earlier WORKDIR is named") {
  const auto recipe = imported("FROM scratch\nWORKDIR /var/etcd\nWORKDIR /var/lib\nWORKDIR etcd\n");
  CHECK(holds(recipe, "// Line 2: the folder /var/etcd is made by this WORKDIR alone, and not here"));
  CHECK_FALSE(holds(recipe, "the folder /var/lib"));
}

TEST_CASE("what has no effect on an image is not named") {
  CHECK(script_effects("export A=b; echo hello; set -e; cd /; unset A; true").left.empty());
  CHECK(script_effects("echo a > /etc/b").left == Strings{"echo a > /etc/b"});
}

TEST_CASE("a folder that holds files of the image is not writable, which is said") {
  const auto recipe =
      imported("FROM alpine\nCOPY web /app/web\nRUN mkdir -p /app && chown -R 5 /app\nVOLUME /app/web\nUSER 5\n");
  CHECK_FALSE(holds(members_of(recipe), "writable"));
  CHECK(holds(recipe, "// Line 3: /app is, or holds, files of the image, which stay read-only"));
  CHECK(holds(recipe, "\"volumes\": [\"/app/web\"]"));
}

TEST_CASE("a user that nothing runs as is named") {
  CHECK(holds(imported("FROM alpine\nRUN adduser -D app && adduser -D other\nUSER app\n"),
              "// The user other is not created, since no USER of the image names it."));
}

TEST_CASE("an owner that is not created is its number") {
  const auto recipe =
      imported("FROM alpine\nRUN addgroup -g 7 app && adduser -D -u 6 -G app app\nCOPY --chown=app:app a.b /a\n");
  CHECK(holds(recipe, "\"owner\": \"6:7\""));
}

TEST_CASE("an argument in a command is taken as it is, which is said where it matters") {
  const auto recipe = imported("FROM alpine\nARG ID=7\nRUN adduser -D -u $ID app\nUSER app\n");
  CHECK(holds(recipe, "\"uid\": 7"));
  CHECK(holds(recipe, "// Line 3: ID is taken as it is now, \"7\"; --set does not change it."));
  CHECK_FALSE(holds(imported("FROM alpine\nARG ID=7\nRUN make $ID\n"), "--set"));
}

TEST_CASE("a comment is said once") {
  const auto recipe = imported("FROM alpine\nRUN apk add ca-certificates\nRUN apk add ca-certificates\n");
  const auto first = recipe.find("certificates are this host's");
  REQUIRE(first != std::string::npos);
  CHECK(recipe.find("certificates are this host's", first + 1) == std::string::npos);
}
