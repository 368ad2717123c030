// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/import.hpp"

#include <doctest/doctest.h>

#include "ociassemble/error.hpp"
#include "ociassemble/recipe.hpp"
#include "recipe/dockerfile.hpp"

using namespace ociassemble;

namespace {

// Also a recipe that parses.
std::string imported(std::string_view text, const ImportOptions& options = {}) {
  auto recipe = import_dockerfile(text, "Dockerfile", options);
  INFO(recipe);
  CHECK_NOTHROW(Recipe::parse(recipe, "ociassemble.json"));
  return recipe;
}

std::string message_of(std::string_view text) {
  try {
    import_dockerfile(text, "Dockerfile", {});
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string expanded(std::string_view text, const DockerVariables& variables) {
  const auto file = Dockerfile::parse("", "Dockerfile");
  return file.expand({}, text, variables);
}

}  // namespace

TEST_CASE("a multi-stage Dockerfile on alpine becomes a recipe") {
  CHECK(
      imported("# syntax=docker/dockerfile:1\n"
               "ARG ALPINE=3.20\n"
               "FROM golang:1.22-alpine AS builder\n"
               "RUN CGO_ENABLED=0 go build -o /out/server ./cmd/server\n"
               "FROM alpine:${ALPINE}\n"
               "RUN apk add --no-cache ca-certificates \\\n"
               "  # time zones, too\n"
               "  tzdata && adduser -D -u 1001 app\n"
               "COPY --from=builder /out/server /usr/bin/server\n"
               "COPY --chown=app --chmod=0640 config.yml /etc/server/\n"
               "WORKDIR /srv\nWORKDIR data\n"
               "ENV A=1 B=\"two words\"\nENV C three words\n"
               "EXPOSE 8080 9090/udp\nUSER app\n"
               "HEALTHCHECK --interval=30s --retries=3 CMD [\"/usr/bin/server\", \"health\"]\n"
               "ENTRYPOINT [\"/usr/bin/server\"]\n") ==
      "// Imported from Dockerfile.\n"
      "// Line 6: RUN apk add --no-cache ca-certificates   tzdata && adduser -D -u 1001 app: what is known of it is in "
      "this recipe; other effects of the command are not\n"
      "// Line 9: /usr/bin/server is built before, outside: CGO_ENABLED=0, as the stage builder does: CGO_ENABLED=0 go "
      "build -o /out/server ./cmd/server\n"
      "{\n"
      "  \"base\": \"alpine:3.20\",\n"
      "  \"binaries\": {\n    \"/usr/bin/server\": \"server\",\n  },\n"
      "  \"files\": {\n    \"/etc/server/\": {\"source\": \"config.yml\", \"mode\": \"0640\", \"owner\": \"app\"},\n  "
      "},\n"
      "  \"caCertificates\": \"host\",\n"
      "  \"tzdata\": \"host\",\n"
      "  \"workdir\": \"/srv/data\",\n"
      "  \"user\": {\"name\": \"app\", \"uid\": 1001, \"create\": true},\n"
      "  \"healthcheck\": {\"test\": [\"CMD\", \"/usr/bin/server\", \"health\"], \"interval\": \"30s\", \"retries\": "
      "3},\n"
      "  \"entrypoint\": [\"/usr/bin/server\"],\n"
      "  \"env\": {\n    \"A\": \"1\",\n    \"B\": \"two words\",\n    \"C\": \"three words\",\n  },\n"
      "  \"ports\": [\"8080\", \"9090/udp\"],\n"
      "}\n");
}

TEST_CASE("the target's stage is taken with those that it is built from") {
  const std::string_view text =
      "FROM debian:12-slim AS base\nENV MODE=base\nUSER 1001:1001\n"
      "FROM base AS prod\nCMD server --port $PORT\n"
      "FROM base AS dev\nENV MODE=dev\n";
  const auto prod = imported(text, {.target = "prod", .build_args = {}});
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
  CHECK(holds(recipe, "// Line 8: RUN <<EOF: commands are not run"));
}

TEST_CASE("variables are put in as Docker's reference says") {
  const DockerVariables set{{"v", "x"}, {"e", ""}};
  CHECK(expanded("$v ${v}y '$v' \\$v", set) == "x xy $v $v");
  CHECK(expanded("${v:-word}${u:-word}${e:-word}", set) == "xwordword");
  CHECK(expanded("${v:+word}${u:+word}${e:+word}", set) == "word");
  CHECK(expanded("${u:-${v}}", set) == "x");
  CHECK(expanded("${e-word}", set).empty());
}

TEST_CASE("a broken Dockerfile is an error that names the line") {
  CHECK(message_of("FROM a\nCOYP a b\n") == "Dockerfile:2: unknown instruction COYP");
  CHECK(message_of("RUN x\n") == "Dockerfile:1: RUN stands before the first FROM");
  CHECK(message_of("") == "Dockerfile:1: there is no FROM");
  CHECK(message_of("FROM a\nRUN <<EOF\nx\n") == "Dockerfile:2: the heredoc EOF has no end");
  CHECK(message_of("FROM a\nENV A=\"x\n") == "Dockerfile:2: no \" ends the quoted text");
  CHECK(message_of("FROM a\nUSER ${x\n") == "Dockerfile:2: no '}' ends the variable");
}
