// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "imported.hpp"

using namespace ociassemble;
using test::holds;
using test::import_failure;
using test::imported;
using test::members_of;

TEST_CASE("an argument holds in the stages that are built from its own") {
  const auto recipe =
      imported("FROM scratch AS one\nARG V=7\nFROM one AS two\nENV A=\"a-$V\"\nFROM two\nARG V\nENV B=b-$V\n");
  CHECK(holds(recipe, "\"A\": \"a-${V}\""));
  CHECK(holds(recipe, "\"B\": \"b-${V}\""));
  CHECK(holds(recipe, "\"args\": {\"V\": \"7\"}"));
}

TEST_CASE("a default in place stays the recipe's") {
  const auto recipe = imported("FROM scratch\nARG E=\nARG N\nLABEL a=${E:-dev} b=${N:-${E}x} c=${N:+set} d=${N-}\n");
  CHECK(holds(recipe, "\"a\": \"${E:-dev}\""));
  CHECK(holds(recipe, "\"b\": \"${N:-${E}x}\""));
  CHECK(holds(recipe, "\"c\": \"${N:+set}\""));
  CHECK(holds(recipe, "\"d\": \"${N-}\""));
  CHECK(holds(recipe, "\"args\": {\"E\": \"\", \"N\": null}"));
}

TEST_CASE("an argument with another default in each stage has them where it is used") {
  const std::string text =
      "FROM golang AS b\nARG V=dev\nARG W=1\nWORKDIR /s\nCOPY . .\nRUN go build -ldflags=-X=m.v=$V -o /x ./x\n"
      "FROM scratch\nARG V\nARG W=2\nCOPY --from=b /x /x\nLABEL v=$V w=$W\n";
  const auto recipe = imported(text);
  CHECK(holds(recipe, "\"-ldflags=-X=m.v=${V-dev}\""));
  CHECK(holds(recipe, "\"v\": \"${V-}\""));
  CHECK(holds(recipe, "\"w\": \"${W-2}\""));
  CHECK(holds(recipe, "\"args\": {\"V\": null, \"W\": null}"));
  const auto given = imported(text, {{}, {{"V", "3"}, {"W", "4"}}, {}});
  CHECK(holds(given, "m.v=${V}\""));
  CHECK(holds(given, "\"args\": {\"V\": \"3\", \"W\": \"4\"}"));
  // One default for all is the argument's own.
  const auto same = imported("ARG V=1\nFROM a AS one\nARG V\nFROM a\nARG V\nARG W=2\nLABEL v=$V w=$W\n");
  CHECK(holds(same, "\"args\": {\"V\": \"1\", \"W\": \"2\"}"));
}

TEST_CASE("a default of a platform's variable is the recipe's platforms, which is said") {
  const auto recipe = imported("FROM scratch\nARG TARGETARCH=amd64\nCOPY bin/${TARGETARCH:-x}/a /a\n");
  CHECK(holds(recipe, "\"/a\": \"bin/{arch}/a\""));
  CHECK(holds(recipe, "// Line 2: the default amd64 of TARGETARCH is not carried over"));
  CHECK(holds(recipe, "// The image is for linux/amd64; Docker takes the building machine's platform."));
  CHECK(holds(imported("ARG X=${TARGETOS}-x\nFROM a-$X\n"), "\"base\": \"a-{os}-x\""));
}

TEST_CASE("a pattern works on the argument as it is, which is said") {
  const auto recipe = imported("FROM scratch\nARG TAG=v1.2\nLABEL v=${TAG#v} w=${TAG:-{}}\n");
  CHECK(holds(recipe, "\"v\": \"1.2\""));
  CHECK(holds(recipe, "// Line 3: ${TAG#v} is worked out with TAG as it is now, \"v1.2\"; --set does not change it."));
  const auto given = imported("FROM scratch\nARG TAG=v1.2\nLABEL v=${TAG#v}\n", {{}, {{"TAG", "v2"}}, {}});
  CHECK(holds(given, "\"v\": \"2\""));
}

TEST_CASE("a stage can be named by an argument") {
  const std::string text =
      "ARG KIND=prod\nFROM scratch AS base\nFROM base AS base-dev\nENV MODE=dev\nFROM base AS base-prod\nENV "
      "MODE=prod\n"
      "FROM base-${KIND}\n";
  const auto prod = imported(text);
  CHECK(holds(prod, "\"base\": \"scratch\""));
  CHECK(holds(prod, "\"MODE\": \"prod\""));
  CHECK(holds(prod, "// Line 7: FROM base-${KIND}: this is the stage base-prod with the arguments as they are"));
  CHECK_FALSE(holds(members_of(prod), "KIND"));
  CHECK(holds(imported(text, {{}, {{"KIND", "dev"}}, {}}), "\"MODE\": \"dev\""));
}

TEST_CASE("names of stages and keywords go by any case") {
  const auto recipe = imported("from scratch As Base\nenv A=1\nFROM BASE\nexpose 53/UDP\n");
  CHECK(holds(recipe, "\"A\": \"1\""));
  CHECK(holds(recipe, "\"ports\": [\"53/udp\"]"));
  CHECK(import_failure("FROM a AS 1b\n") == "Dockerfile:1: 1b is no name for a stage");
}

TEST_CASE("what the base may set is taken from it in the environment, and named") {
  const auto recipe = imported("FROM alpine\nENV PATH=/opt/bin:$PATH\nENV PATH=\"${PATH}:/more\" M=${M:-x}\n");
  CHECK(holds(recipe, "\"PATH\": \"/opt/bin:${base.PATH}:/more\""));
  CHECK(holds(recipe, "\"M\": \"${base.M:-x}\""));
  CHECK(holds(recipe, "// Line 2: the base may set PATH, which this file does not"));
}

TEST_CASE("a word may hold another variable of the base, or of the recipe") {
  const auto recipe = imported("FROM alpine\nARG A\nENV B=${B:-${C:-${D}}} E=${A:-$HOME} F=${F:-$A}\n");
  CHECK(holds(recipe, "\"B\": \"${base.B:-${base.C:-${base.D}}}\""));
  CHECK(holds(recipe, "\"E\": \"${A:-${base.HOME}}\""));
  CHECK(holds(recipe, "\"F\": \"${base.F:-${A}}\""));
  CHECK(holds(recipe, "// Line 3: the base may set B, C, D, which this file does not"));
}

TEST_CASE("one comment says why a variable of the base is not there") {
  const auto recipe = imported("FROM alpine\nEXPOSE $PORT\n");
  CHECK(holds(recipe, "// Line 2: EXPOSE $PORT: the base may set PORT, which is not known here"));
  CHECK_FALSE(holds(recipe, "takes it from the base"));
}

TEST_CASE("elsewhere a variable of the base is a comment, and no value without it") {
  const auto recipe =
      imported("FROM alpine\nWORKDIR $GOPATH/src\nCOPY a.b c\nLABEL l=x$HOME\nUSER $WHO\nEXPOSE $P\nCOPY a.b $HOME/\n");
  CHECK(holds(recipe, "// Line 2: WORKDIR $GOPATH/src: the base may set GOPATH, which is not known here"));
  CHECK(holds(recipe, "// Line 3: COPY a.b c: the working directory is not known here"));
  CHECK(holds(recipe, "// Line 4: LABEL l=x$HOME: the base may set HOME"));
  CHECK(holds(recipe, "// Line 5: USER $WHO: "));
  CHECK(holds(recipe, "// Line 6: EXPOSE $P: "));
  CHECK(holds(recipe, "// Line 7: COPY a.b $HOME/: "));
  CHECK(members_of(recipe) == "{\n  \"base\": \"alpine\",\n}\n");
}

TEST_CASE("one ENV sees what was set before it") {
  const auto recipe = imported("FROM scratch\nENV A=1\nENV A=2 B=$A\n");
  CHECK(holds(recipe, "\"A\": \"2\""));
  CHECK(holds(recipe, "\"B\": \"1\""));
}

TEST_CASE("names of labels may hold blanks and arguments") {
  const auto recipe = imported("FROM scratch\nARG N=n\nLABEL \"a b\"='c d' x.$N=y\n");
  CHECK(holds(recipe, "\"a b\": \"c d\""));
  CHECK(holds(recipe, "\"x.${N}\": \"y\""));
}

TEST_CASE("the platform of FROM is the recipe's") {
  CHECK(holds(imported("FROM --platform=linux/arm64 alpine\n"), "\"platforms\": [\"linux/arm64\"]"));
  CHECK(holds(imported("FROM --platform=$BUILDPLATFORM alpine\n"),
              "// Line 1: FROM --platform=$BUILDPLATFORM alpine: the base is the image's platform's here"));
  const auto usual = imported("FROM --platform=$BUILDPLATFORM golang AS b\nFROM --platform=$TARGETPLATFORM alpine\n");
  CHECK_FALSE(holds(usual, "platform"));
}

TEST_CASE("ports are divided after their variables are put in, and ranges are written out") {
  const auto recipe = imported("FROM scratch\nENV P=\"80 443/TCP\"\nARG Q=9\nEXPOSE $P $Q 7-9/udp 127.0.0.1:1:2\n");
  CHECK(holds(recipe, "\"ports\": [\"80\", \"443/tcp\", \"${Q}\", \"7/udp\", \"8/udp\", \"9/udp\", \"2\"]"));
  CHECK(holds(recipe, "a port of the host is said when the image is run"));
  CHECK(holds(imported("FROM scratch\nEXPOSE 1-9999\n"), "a range of more than 256 ports"));
  CHECK(import_failure("FROM a\nEXPOSE http\n") == "Dockerfile:2: http is no port");
}

TEST_CASE("a health check's times of zero are the runtime's own") {
  const auto recipe = imported("FROM scratch\nHEALTHCHECK --interval=0s --timeout=2s --retries=0 cmd [\"/a\"]\n");
  CHECK(holds(recipe, "\"healthcheck\": {\"test\": [\"CMD\", \"/a\"], \"timeout\": \"2s\"}"));
  CHECK(holds(imported("FROM scratch\nHEALTHCHECK None\n"), "\"healthcheck\": \"NONE\""));
  CHECK(holds(imported("FROM scratch\nHEALTHCHECK --interval=1.5s CMD x\n"),
              "--interval is not carried over; write it as"));
}
