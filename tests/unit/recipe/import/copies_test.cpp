// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "imported.hpp"

using namespace ociassemble;
using test::holds;
using test::import_failure;
using test::imported;

TEST_CASE("several copies into one folder keep all of it") {
  const auto recipe = imported(
      "FROM scratch\nCOPY one.json /etc/app/\nCOPY two.json /etc/app/\nCOPY web /srv\nCOPY extra /srv\nCOPY a b c.txt "
      "/dst\n");
  CHECK(holds(recipe, "\"/etc/app/\": [\"one.json\", \"two.json\"]"));
  CHECK(holds(recipe, "\"/srv\": [\"web\", \"extra\"]"));
  CHECK(holds(recipe, "\"/dst/\": [\"a\", \"b\", \"c.txt\"]"));
}

TEST_CASE("the same copy is named once") {
  CHECK(holds(imported("FROM scratch\nCOPY web /srv\nCOPY web /srv\n"), "\"/srv\": \"web\","));
}

TEST_CASE("paths of the context and of the image are without dots") {
  const auto recipe = imported(
      "FROM scratch\nWORKDIR /srv/app\nCOPY ../up.txt ./x/../y.txt\nCOPY /abs/./f.txt ../z.txt\nCOPY . .\nCOPY a.b "
      "/\n");
  CHECK(holds(recipe, "\"/srv/app/y.txt\": \"up.txt\""));
  CHECK(holds(recipe, "\"/srv/z.txt\": \"abs/f.txt\""));
  CHECK(holds(recipe, "\"/srv/app/\": \".\""));
  CHECK(holds(recipe, "\"/\": \"a.b\""));
}

TEST_CASE("a relative destination without a WORKDIR gets a comment, but for scratch") {
  CHECK(holds(imported("FROM alpine\nCOPY a.b c\n"), "// Line 2: COPY a.b c: the path is taken from /"));
  CHECK_FALSE(holds(imported("FROM scratch\nCOPY a.b c\n"), "// Line 2"));
}

TEST_CASE("flags are carried over or named, each of them") {
  const auto recipe = imported(
      "FROM scratch\nCOPY --chown=1:2 --chmod=640 --link a.b /a\nCOPY --chmod=u+x b.c /b\n"
      "COPY --exclude=*.tmp --exclude=x web /web\nCOPY --other=1 c.d /c\n");
  CHECK(holds(recipe, "\"/a\": {\"source\": \"a.b\", \"owner\": \"1:2\", \"mode\": \"640\"}"));
  CHECK(holds(recipe, "// Line 3: COPY --chmod=u+x b.c /b: --chmod is not carried over."));
  CHECK(holds(recipe, "--exclude=*.tmp is not carried over"));
  CHECK(holds(recipe, "--exclude=x is not carried over"));
  CHECK(holds(recipe, "--other is not carried over"));
}

TEST_CASE("with --parents the source's folders are in the destination") {
  const auto recipe = imported("FROM scratch\nCOPY --parents x/a.txt y/./z/b.txt /d/\n");
  CHECK(holds(recipe, "\"/d/x/a.txt\": \"x/a.txt\""));
  CHECK(holds(recipe, "\"/d/z/b.txt\": \"y/z/b.txt\""));
}

TEST_CASE("variables are put into JSON forms, too") {
  const auto recipe = imported(
      "FROM scratch\nENV DIR=/srv/app SRC=bin/tool.x\nCOPY [\"${SRC}\", \"$DIR/a tool\"]\nVOLUME [\"$DIR/data\"]\n");
  CHECK(holds(recipe, "\"/srv/app/a tool\": \"bin/tool.x\""));
  CHECK(holds(recipe, "\"writable\": [\"/srv/app/data\"]"));
}

TEST_CASE("an argument stands in a destination, the platform's words do not") {
  const auto recipe =
      imported("FROM scratch\nARG DIR=opt\nARG TARGETARCH\nCOPY a.b /$DIR/a\nCOPY a.b /$TARGETARCH/a\n");
  CHECK(holds(recipe, "\"/${DIR}/a\": \"a.b\""));
  CHECK(holds(recipe, "\"args\": {\"DIR\": \"opt\"}"));
  CHECK(holds(recipe, "// Line 5: COPY a.b /$TARGETARCH/a: a recipe has the platform's words in sources only"));
}

TEST_CASE("only whole known bundles are certificates and zone data") {
  const std::string head = "FROM alpine AS c\nRUN x\nFROM scratch\n";
  for (const std::string bundle : {"/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem", "/etc/ssl/certs/"}) {
    CAPTURE(bundle);
    const auto recipe = imported(head + "COPY --from=c " + bundle + " " + bundle + "\n");
    CHECK(holds(recipe, "\"caCertificates\": \"host\""));
    CHECK(holds(recipe, "the certificates are this host's"));
  }
  CHECK(holds(imported(head + "COPY --from=c /usr/share/zoneinfo /usr/share/zoneinfo\n"), "\"tzdata\": \"host\""));
  for (const std::string other :
       {"/etc/ssl/private/server.key /etc/server.key", "/usr/local/go/lib/time/zoneinfo.zip /zoneinfo.zip",
        "/etc/ssl/certs/ca-certificates.crt /app/ca.crt", "/out/zoneinfo-server /bin/zoneinfo-server",
        "/usr/share/zoneinfo/UTC /etc/localtime", "/my/ca-certificates.crt /etc/ssl/certs/"}) {
    CAPTURE(other);
    const auto recipe = imported(head + "COPY --from=c " + other + "\n");
    CHECK_FALSE(holds(recipe, "\"host\""));
    CHECK(holds(recipe, "// Line 4: COPY --from=c "));
  }
}

TEST_CASE("what would be unpacked or downloaded is named") {
  for (const std::string source : {"a.tar", "a.tar.gz", "a.tgz", "a.txz", "a.tbz2", "a.tar.zst"}) {
    CAPTURE(source);
    CHECK(holds(imported("FROM scratch\nADD " + source + " /\n"), "archives are not unpacked"));
    CHECK(holds(imported("FROM scratch\nCOPY " + source + " /x/\n"), "\"/x/\": \"" + source + "\""));
  }
  CHECK(holds(imported("FROM scratch\nADD https://example.com/x /x\n"),
              "// Line 2: ADD https://example.com/x /x: download"));
}

TEST_CASE("a program of the context that the image runs is a binary") {
  const auto recipe =
      imported("FROM scratch\nCOPY --chown=5 bin/app /usr/bin/\nCOPY run.sh /\nENTRYPOINT [\"/usr/bin/app\"]\n");
  CHECK(holds(recipe, "\"binaries\": {\n    \"/usr/bin/app\": {\"source\": \"bin/app\", \"owner\": \"5\"}"));
  CHECK(holds(recipe, "\"/\": \"run.sh\""));
  CHECK(holds(imported("FROM scratch\nWORKDIR /opt\nCOPY app .\nCMD [\"./app\"]\n"), "\"/opt/app\": \"app\""));
  CHECK_FALSE(holds(imported("FROM scratch\nCOPY app /app\nCMD [\"/other\"]\n"), "\"binaries\""));
  // A word without a folder is looked for in PATH.
  CHECK_FALSE(holds(imported("FROM alpine\nCOPY conf /etc/app\nCMD [\"app\"]\n"), "\"binaries\""));
  CHECK(holds(imported("FROM alpine\nENV PATH=/opt/app:$PATH\nCOPY app /opt/app/\nCMD [\"app\"]\n"),
              "\"/opt/app/app\": \"app\""));
}

TEST_CASE("a folder that the base or the file makes takes a program under its name") {
  const auto head = [](const char* base) {
    return "FROM golang AS b\nWORKDIR /s\nCOPY . .\nRUN go build -o /out/app ./app\nFROM " + std::string(base) + "\n";
  };
  CHECK(holds(imported(head("alpine") + "COPY --from=b /out/app /usr/local/bin\n"), "\"/usr/local/bin/app\": {"));
  CHECK(holds(imported(head("scratch") + "COPY --from=b /out/app /usr/local/bin\n"), "\"/usr/local/bin\": {"));
  CHECK(holds(imported(head("scratch") + "WORKDIR /srv\nCOPY --from=b /out/app /srv\n"), "\"/srv/app\": {"));
  CHECK(holds(imported(head("alpine") + "RUN mkdir -p /x/y\nCOPY --from=b /out/app /x\n"), "\"/x/app\": {"));
  CHECK(holds(imported("FROM alpine\nCOPY app /usr/bin\nENTRYPOINT [\"app\"]\n"), "\"/usr/bin/app\": \"app\""));
}

TEST_CASE("a file of the context that a stage hands on is one of the context") {
  const auto recipe = imported(
      "FROM debian AS b\nCOPY server /srv/\nCOPY conf/a.yml /etc/b.yml\nRUN strip /srv/server\nFROM scratch\n"
      "COPY --from=b /srv/server /server\nCOPY --from=b --chmod=600 /etc/b.yml /b.yml\nENTRYPOINT [\"/server\"]\n");
  CHECK(holds(recipe, "\"binaries\": {\n    \"/server\": \"server\""));
  CHECK(holds(recipe, "\"/b.yml\": {\"source\": \"conf/a.yml\", \"mode\": \"600\"}"));
  CHECK(holds(recipe, "// Line 6: /server is the context's server, as it is; stage b also runs: strip /srv/server."));
}

TEST_CASE("what another image has is taken from it, as is what a stage has that is that image unchanged") {
  const auto recipe = imported(
      "ARG TAG=3.20\nFROM alpine:$TAG AS certs\nENV A=1\nFROM certs AS more\nFROM alpine AS changed\nRUN x\nFROM "
      "scratch\n"
      "COPY --from=certs /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/\n"
      "COPY --from=more /usr/share/zoneinfo /usr/share/zoneinfo\n"
      "COPY --from=krallin/tini:v1 --chown=5 --chmod=0500 tini ../bin/../usr/bin/tini\n"
      "COPY --from=changed /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/\nENTRYPOINT [\"tini\"]\n");
  CHECK(holds(recipe,
              "\"/etc/ssl/certs/\": {\"from\": \"alpine:${TAG}\", \"source\": "
              "\"/etc/ssl/certs/ca-certificates.crt\"}"));
  CHECK(holds(recipe, "\"/usr/share/zoneinfo\": {\"from\": \"alpine:${TAG}\", \"source\": \"/usr/share/zoneinfo\"}"));
  CHECK(holds(recipe,
              "\"/usr/bin/tini\": {\"from\": \"krallin/tini:v1\", \"source\": \"/tini\", \"owner\": \"5\", "
              "\"mode\": \"0500\"}"));
  CHECK(holds(recipe, "\"caCertificates\": \"host\""));  // of the stage that a command changed
  CHECK_FALSE(holds(recipe, "// Line 8"));
}

TEST_CASE("a stage without a name is the context") {
  CHECK(holds(imported("FROM golang AS b\nFROM scratch\nCOPY --from= a.b /a\n"), "\"/a\": \"a.b\""));
}

TEST_CASE("an empty folder of a stage is made here, and its owner's where that is the image's user") {
  const auto recipe = imported(
      "FROM alpine AS b\nRUN mkdir -p /loki/rules && cp x /etc/loki/y && chown -R 5 /loki\nRUN mkdir /full && cp x "
      "/full\nFROM scratch\n"
      "COPY --from=b --chown=5:5 /loki /loki\nCOPY --from=b /full /full\nUSER 5\n");
  CHECK(holds(recipe, "\"writable\": [\"/loki\"]"));
  CHECK(holds(recipe, "// Line 5: /loki is a folder that stage b makes; here it is made empty."));
  CHECK(holds(recipe, "// Line 6: COPY --from=b /full /full: what stage b makes there is not known here"));
}

TEST_CASE("a heredoc's text is shown, and sources beside it are carried over") {
  const auto recipe = imported("FROM scratch\nCOPY <<-A b.txt /d/\n\tone\n\tone\n\tA\n");
  CHECK(holds(recipe, "//     one\n//     one\n"));
  CHECK(holds(recipe, "\"/d/\": \"b.txt\""));
}

TEST_CASE("what is no COPY is refused") {
  CHECK(import_failure("FROM a\nCOPY x\n") == "Dockerfile:2: COPY is not SOURCE… DESTINATION");
  CHECK(import_failure("FROM a\nCOPY \"a b\" /c\n") == "Dockerfile:2: no \" ends the quoted text");
}
