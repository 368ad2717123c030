// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/import.hpp"

#include <doctest/doctest.h>

#include "imported.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/recipe.hpp"
#include "recipe/import/new_accounts.hpp"
#include "test_folder.hpp"

using namespace ociassemble;

using test::holds;
using test::import_failure;
using test::imported;

TEST_CASE("ten Dockerfiles of services become the recipes that were written by hand for them") {
  for (const std::string name : {"alpine", "distroless", "scratch", "debian-slim", "arguments", "stages", "heredocs",
                                 "onbuild", "chown", "chmod"}) {
    CAPTURE(name);
    const auto file = test::read_bytes(GOLDEN_FOLDER "/import/" + name + ".Dockerfile");
    const auto recipe = import_dockerfile(file, name + ".Dockerfile", {{}, {}, ".dockerignore"});
    CHECK(recipe == test::read_bytes(GOLDEN_FOLDER "/import/" + name + ".json"));
    CHECK_NOTHROW(Recipe::parse(recipe, "ociassemble.json"));
  }
}

TEST_CASE("the target's stage is taken with those that it is built from") {
  const std::string_view text =
      "FROM debian:12-slim AS base\nENV MODE=base\nUSER 1001:1001\n"
      "FROM base AS prod\nCMD server --port $PORT\n"
      "FROM base AS dev\nENV MODE=dev\n";
  const auto prod = imported(text, {.target = "prod", .build_args = {}, .ignore_file = {}});
  CHECK(holds(prod, "\"base\": \"debian:12-slim\""));
  CHECK(holds(prod, "\"MODE\": \"base\""));
  CHECK(holds(prod, "\"user\": \"1001:1001\""));
  CHECK(holds(prod, "\"cmd\": [\"/bin/sh\", \"-c\", \"server --port $PORT\"]"));
  CHECK(holds(imported(text), "\"MODE\": \"dev\""));
}

TEST_CASE("what cannot be carried over becomes a comment that says what to do") {
  const auto recipe = imported(
      "FROM scratch\nADD https://example.com/x /x\nONBUILD RUN make\nCOPY *.txt /t/\n"
      "COPY <<EOF /etc/motd\nhello\nEOF\nRUN <<EOF\nmake\nEOF\n");
  CHECK(holds(recipe, "// Line 2: ADD https://example.com/x /x: download it"));
  CHECK(holds(recipe, "// Line 3: ONBUILD RUN make: "));
  CHECK(holds(recipe, "// Line 4: COPY *.txt /t/: "));
  CHECK(holds(recipe, "// Line 5: COPY <<EOF /etc/motd: write the text to a file"));
  CHECK(holds(recipe, "//     hello\n"));
  CHECK(holds(recipe, "// Line 8: RUN <<EOF: not carried over: make (build the program"));
}

TEST_CASE("an entrypoint drops an inherited cmd, and keeps one of its own stage") {
  const std::string inherited = "FROM a AS one\nCMD [\"x\"]\nFROM one\n";
  CHECK(holds(imported(inherited), "\"cmd\": [\"x\"]"));
  CHECK_FALSE(holds(imported(inherited), "\"entrypoint\""));  // as the base has it
  CHECK_FALSE(holds(imported(inherited + "ENTRYPOINT [\"e\"]\n"), "\"cmd\""));
  CHECK(holds(imported(inherited + "CMD [\"y\"]\nENTRYPOINT [\"e\"]\n"), "\"cmd\": [\"y\"]"));
  CHECK(holds(imported(inherited + "ENTRYPOINT [\"e\"]\nCMD [\"y\"]\n"), "\"cmd\": [\"y\"]"));
}

TEST_CASE("the environment goes before arguments, and the platform's words stand in sources only") {
  CHECK(holds(imported("FROM a\nENV V=env\nARG V=arg\nLABEL v=$V\n"), "\"v\": \"env\""));
  CHECK(holds(imported("FROM a\nARG V=arg\nLABEL v=$V\n"), "\"args\": {\"V\": \"arg\"}"));
  const auto recipe = imported("FROM a\nARG TARGETARCH\nENV ARCH=$TARGETARCH\nCOPY bin/$TARGETARCH/x /x\n");
  CHECK(holds(recipe, "// Line 3: ENV ARCH=$TARGETARCH: a recipe has the platform's words in sources only"));
  CHECK(holds(recipe, "\"/x\": \"bin/{arch}/x\""));
  CHECK(holds(recipe, "\"platforms\": [\"linux/amd64\"]"));
}

TEST_CASE("users and groups are read from the commands that make them") {
  const auto made = [](std::initializer_list<const char*> words) {
    NewAccounts accounts;
    accounts.read({words.begin(), words.end()});
    return accounts;
  };
  const auto busybox = made({"adduser", "-DHu", "1001", "-h", "/data", "-s", "/bin/sh", "-g", "A name", "app"});
  REQUIRE(busybox.find("app") != nullptr);
  CHECK(busybox.find("app")->uid == "1001");
  CHECK(busybox.find("app")->home == "/data");
  CHECK(busybox.find("app")->shell == "/bin/sh");
  CHECK(busybox.find("1001") == busybox.find("app"));
  const auto debian = made({"adduser", "--system", "--uid=7", "--ingroup", "staff", "--no-create-home", "app"});
  CHECK(debian.find("app")->is_system);
  CHECK(debian.find("app")->group == "staff");
  const auto shadow =
      made({"groupadd", "-r", "-g", "9", "g", "&&", "useradd", "-rM", "-g", "g", "-u", "8", "u;", "true"});
  CHECK(shadow.groups.at("g") == "9");
  CHECK(shadow.find("u")->group == "g");
  CHECK(shadow.find("u")->is_system);
  // A user joins a group; a name is missing; another command.
  CHECK(made({"adduser", "app", "wheel"}).users.empty());
  CHECK(made({"adduser", "-D"}).users.empty());
  CHECK(made({"echo", "app"}).users.empty());
}

TEST_CASE("the last USER holds, and no comment speaks of one before it") {
  const auto recipe = imported("FROM alpine\nRUN adduser -D -u 7 app\nUSER $X\nUSER app\nRUN x\nUSER app\nUSER root\n");
  CHECK(holds(recipe, "\"user\": \"root\""));
  CHECK_FALSE(holds(recipe, "USER $X"));
  CHECK_FALSE(holds(recipe, "app has the home"));
}

TEST_CASE("a number that the command leaves open is chosen, and a comment says so") {
  const auto recipe = imported("FROM alpine\nRUN adduser -S app\nUSER app\n");
  CHECK(holds(recipe, "// Line 3: which number app has is left to the command; 999 is taken."));
  CHECK(holds(
      recipe,
      "{\"name\": \"app\", \"uid\": 999, \"home\": \"/home/app\", \"shell\": \"/sbin/nologin\", \"create\": true}"));
}

TEST_CASE("numbers with leading zeros are decimal, as the commands take them, and plain in the recipe") {
  const auto recipe = imported("FROM alpine\nRUN adduser -D -u 05000 app\nUSER 005000:0100\n");
  CHECK(holds(recipe, "{\"name\": \"app\", \"uid\": 5000, \"gid\": 100, "));
  const auto zero = imported("FROM alpine\nRUN addgroup -g 07 g && adduser -D -u 08 -G g app\nUSER app\n");
  CHECK(holds(zero, "\"uid\": 8, \"gid\": 7, \"group\": \"g\""));
}

TEST_CASE("what the command takes by itself for the account is said, and what a recipe cannot say is named") {
  const auto usual = imported("FROM alpine\nRUN useradd -u 7 -G docker,wheel -c 'The app' app\nUSER app\n");
  CHECK(holds(usual, "\"home\": \"/home/app\", \"shell\": \"/bin/sh\", \"create\": true}"));
  CHECK(holds(usual,
              "// Line 3: app has the home /home/app and the shell /bin/sh, as useradd makes it where nothing else is "
              "said."));
  CHECK(holds(usual, "// Line 3: the home /home/app is made where the base lacks it, which useradd does not do."));
  CHECK(holds(usual, "// Line 3: of the account app is not carried over: -G docker,wheel, -c The app."));
  const auto whole = imported("FROM alpine\nRUN useradd -m -u 7 -d /h -s /bin/x app\nUSER app\n");
  CHECK(holds(whole, "\"home\": \"/h\", \"shell\": \"/bin/x\""));
  CHECK(holds(whole,
              "// Line 3: app is a line of /etc/passwd and one of /etc/group; nothing else of the account is made "
              "(/etc/shadow), and /h has mode 0700."));
  CHECK_FALSE(holds(whole, "app has the"));
  CHECK(holds(imported("FROM alpine\nRUN adduser -D -H -u 7 app\nUSER app\n"), "which adduser does not do"));
  CHECK_FALSE(holds(imported("FROM alpine\nRUN adduser -D -u 7 app\nUSER app\n"), "does not do"));
}

TEST_CASE("comments are in the order of the file's lines, those for the whole file last") {
  const auto recipe = imported(
      "FROM golang AS b\nRUN make\nRUN go build -o /x ./x\nFROM alpine\nRUN tweak\nCOPY --from=b /x /x\n"
      "RUN mkdir /data\nONBUILD RUN x\n");
  const auto at = [&](const char* part) {
    CAPTURE(part);
    REQUIRE(holds(recipe, part));
    return recipe.find(part);
  };
  CHECK(at("// Line 3: ") < at("// Line 5: "));
  CHECK(at("// Line 5: ") < at("// Line 8: "));
  CHECK(at("// Line 8: ") < at("// The Dockerfile names no user"));
}

TEST_CASE("an unused --build-arg is named") {
  const auto recipe = imported("ARG A\nFROM a\nARG B\n", {{}, {{"A", "1"}, {"B", "2"}, {"C", "3"}}, {}});
  CHECK(holds(recipe, "// No ARG declares C, so --build-arg C has no effect."));
  CHECK_FALSE(holds(recipe, "declares A"));
  CHECK_FALSE(holds(recipe, "declares B"));
}

TEST_CASE("CMD alone keeps the base's entrypoint, unless a program would be put before it, which is said") {
  CHECK_FALSE(holds(imported("FROM a\nCMD [\"x\"]\n"), "entrypoint"));
  const auto recipe = imported("FROM a\nCOPY x /x\nCMD [\"/x\"]\n");
  CHECK(holds(recipe, "\"entrypoint\": [],\n"));
  CHECK(holds(recipe, "// An ENTRYPOINT of the base, which Docker would keep before the CMD, is cleared"));
  CHECK_FALSE(holds(imported("FROM scratch\nCOPY x /x\nCMD [\"/x\"]\n"), "of the base"));
}

TEST_CASE("a text that a recipe cannot hold is refused") {
  using namespace std::string_view_literals;
  CHECK(import_failure("FROM a\nENV A\0B=1\n"sv) == "cannot import Dockerfile: it holds control bytes");
  CHECK(import_failure("FROM a\nENV A=\x01x\x03\n"sv) == "cannot import Dockerfile: it holds control bytes");
  for (const char* escape : {"\\u0000", "\\u0001"})
    CHECK(import_failure(std::string("FROM a\nCMD [\"") + escape + "\"]\n") ==
          "Dockerfile:2: the JSON array holds a control character, which a recipe cannot");
}

TEST_CASE("a broken Dockerfile is an error that names the line") {
  CHECK(import_failure("FROM a\nCOYP a b\n") == "Dockerfile:2: unknown instruction COYP");
  CHECK(import_failure("RUN x\n") == "Dockerfile:1: RUN stands before the first FROM");
  CHECK(import_failure("") == "Dockerfile:1: there is no FROM");
  CHECK(import_failure("FROM a\nRUN <<EOF\nx\n") == "Dockerfile:2: the heredoc EOF has no end");
  CHECK(import_failure("FROM a\nENV A=\"x\n") == "Dockerfile:2: no \" ends the quoted text");
  CHECK(import_failure("FROM a\nUSER ${x\n") == "Dockerfile:2: no '}' ends the variable");
}
