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
  const auto effects = script_effects("mkdir -p -m 0755 /data /logs && chown -R app:app /data && chmod 777 /logs");
  CHECK(effects.made == Strings{"/data", "/logs"});
  CHECK(effects.owned == Strings{"/data", "/logs"});
  CHECK(effects.left.empty());
  CHECK(script_effects("chmod +x /app").left == Strings{"chmod +x /app"});
  CHECK(script_effects("mkdir -p $X").left == Strings{"mkdir -p $X"});
}

TEST_CASE("what is made, given away or called a volume is writable") {
  const auto recipe = imported(
      "FROM alpine\nRUN mkdir -p /data && chown 5:5 /data\nVOLUME /var/lib/app\nWORKDIR /srv\nRUN mkdir cache\nUSER "
      "5\n");
  CHECK(holds(recipe, "\"writable\": [\"/data\", \"/var/lib/app\", \"/srv/cache\"]"));
  CHECK_FALSE(holds(recipe, "not carried over"));
}

TEST_CASE("a folder that holds files of the image is not writable, which is said") {
  const auto recipe =
      imported("FROM alpine\nCOPY web /app/web\nRUN mkdir -p /app && chown -R 5 /app\nVOLUME /app/web\nUSER 5\n");
  CHECK_FALSE(holds(members_of(recipe), "writable"));
  CHECK(holds(recipe, "// Line 3: /app holds files of the image, which stay root's"));
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
