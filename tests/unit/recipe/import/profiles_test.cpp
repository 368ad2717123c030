// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "imported.hpp"

using namespace ociassemble;
using test::holds;

namespace {

constexpr std::string_view kTwoStages =
    "ARG TAG=3.20\nFROM alpine:$TAG AS base\nARG PORT=8080\nENV A=1 P=$PORT\nCOPY web /srv\nUSER 5\n"
    "FROM base AS dev\nARG TOKEN\nENV A=2 T=$TOKEN\nUSER 0\nCOPY more.txt /more.txt\nCMD [\"/bin/sh\"]\n"
    "FROM base AS prod\nLABEL l=1\nCMD [\"/app\"]\n";

ImportOptions prod_with_dev() { return {"prod", {}, {}, {{"dev", {}, {}, "dev", {}}}}; }

ResolvedRecipe resolved_profile(const std::string& recipe, const std::string& profile) {
  return Recipe::parse(recipe, "r.json").resolve({profile, {{"TOKEN", "t"}}, {}});
}

}  // namespace

TEST_CASE("two stages become one recipe, and the profile says what differs") {
  const auto recipe = import_dockerfile(kTwoStages, "Dockerfile", prod_with_dev());
  CHECK(test::members_of(recipe) == R"({
  "base": "alpine:${TAG}",
  "args": {"TAG": "3.20", "PORT": "8080", "TOKEN": null},
  "files": {
    "/srv": "web",
  },
  "user": "5",
  "cmd": ["/app"],
  "env": {
    "A": "1",
    "P": "${PORT}",
  },
  "labels": {
    "l": "1",
  },
  "profiles": {
    "dev": {
      "files": {
        "/more.txt": "more.txt",
      },
      "user": "0",
      "cmd": ["/bin/sh"],
      "env": {
        "A": "2",
        "T": "${TOKEN}",
      },
      "labels": null,
    },
  },
}
)");
  CHECK(holds(recipe, "// Imported from Dockerfile.\n"));
  CHECK(holds(recipe, "// The profile dev is imported from Dockerfile.\n"));
}

TEST_CASE("a profile is what its stage alone would be") {
  const auto recipe = import_dockerfile(kTwoStages, "Dockerfile", prod_with_dev());
  const auto alone = import_dockerfile(kTwoStages, "Dockerfile", {"dev", {}, {}, {}});
  const auto dev = resolved_profile(recipe, "dev").images.front();
  const auto single = resolved_profile(alone, "").images.front();
  CHECK(dev.env == single.env);
  CHECK(dev.labels == single.labels);
  CHECK(dev.cmd == single.cmd);
  CHECK(dev.contents.user == single.contents.user);
  CHECK(dev.contents.adds.size() == 2);
}

TEST_CASE("another Dockerfile becomes a profile, with its own defaults and comments") {
  const auto recipe = import_dockerfile(
      "FROM alpine\nARG V=1\nARG W\nENV V=$V W=$W\nUSER 5\n", "Dockerfile",
      {{},
       {},
       {},
       {{"dev", "FROM debian\nARG V=2\nARG W=x\nENV V=$V W=$W\nRUN make\nUSER 5\n", "Dockerfile.dev", {}, {}}}});
  CHECK(holds(recipe, "// The profile dev is imported from Dockerfile.dev.\n// Line 5: RUN make: not carried over"));
  CHECK(holds(recipe, "\"args\": {\"V\": \"1\", \"W\": null}"));
  CHECK(holds(recipe,
              "    \"dev\": {\n      \"args\": {\"V\": \"2\", \"W\": \"x\"},\n      \"base\": \"debian\",\n    },\n"));
  const auto reverse = import_dockerfile("FROM alpine\nARG V=1\nENV V=$V\n", "Dockerfile",
                                         {{}, {}, {}, {{"dev", "FROM alpine\nARG V\nENV V=$V\n", "D", {}, {}}}});
  CHECK(holds(reverse, "// The argument V has no default in the profile dev; here it has the recipe's.\n"));
}

TEST_CASE("a profile's name is one that a recipe can have, and comes once") {
  CHECK_THROWS_AS(import_dockerfile(kTwoStages, "Dockerfile", {{}, {}, {}, {{"a b", {}, {}, "dev", {}}}}), Error);
  CHECK_THROWS_AS(
      import_dockerfile(kTwoStages, "Dockerfile", {{}, {}, {}, {{"a", {}, {}, "dev", {}}, {"a", {}, {}, "prod", {}}}}),
      Error);
}

TEST_CASE("a stage for a profile that is not there is an error") {
  CHECK_THROWS_AS(import_dockerfile(kTwoStages, "Dockerfile", {{}, {}, {}, {{"x", {}, {}, "nothing", {}}}}), Error);
}
