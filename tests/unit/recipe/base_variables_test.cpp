// SPDX-License-Identifier: Apache-2.0
#include "recipe/base_variables.hpp"

#include <doctest/doctest.h>

#include "ociassemble/error.hpp"
#include "ociassemble/recipe.hpp"

using namespace ociassemble;

namespace {

AssembleOptions options_of(const std::string& recipe,
                           const std::vector<std::pair<std::string, std::string>>& set = {}) {
  return Recipe::parse(recipe, "r.json").resolve({{}, set, {}}).images.front();
}

std::string recipe_refusal(const std::string& recipe) {
  try {
    options_of(recipe);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("an argument may have a word for where it is unset or empty") {
  const std::string recipe =
      R"({"args": {"N": null, "E": "", "V": "x"}, "labels": {"a": "${N:-d}${E:-d}${V:-d}", "b": "${N-d}${E-d}${V-d}",
          "c": "${N:+s}${E:+s}${V:+s}", "d": "${N+s}${E+s}${V+s}", "e": "${N:-${V}y}", "f": "${V:-${N}}", "g": "$${N:-d}"}})";
  const auto labels = options_of(recipe).labels;
  CHECK(labels.at("a") == "ddx");
  CHECK(labels.at("b") == "dx");
  CHECK(labels.at("c") == "s");
  CHECK(labels.at("d") == "ss");
  CHECK(labels.at("e") == "xy");
  CHECK(labels.at("f") == "x");
  CHECK(labels.at("g") == "${N:-d}");
  CHECK(options_of(recipe, {{"N", "n"}}).labels.at("e") == "n");
}

TEST_CASE("names of members may hold arguments, and no two become one") {
  const auto options =
      options_of(R"({"args": {"D": "opt"}, "files": {"/${D}/a": "a"}, "labels": {"x.${D}": "y", "$${D}": "z"}})");
  CHECK(options.contents.adds.at(0).destination == "/opt/a");
  CHECK(options.labels.at("x.opt") == "y");
  CHECK(options.labels.at("${D}") == "z");
  CHECK(recipe_refusal("{\"args\": {\"D\": \"a\"}, \"labels\": {\"a\": \"1\", \"${D}\": \"2\"}}") ==
        "r.json:1:43: labels[\"${D}\"]: a is there twice, with its arguments put in");
}

TEST_CASE("a variable of the base is a part of a value of the environment") {
  const auto options = options_of(
      R"({"args": {"A": "z"}, "env": {"PATH": "/a:${base.PATH}:${A}", "M": "${base.M:-${A}}", "P": "$${base.P}"}})");
  REQUIRE(options.env_of_base.size() == 2);
  CHECK(options.env_of_base[0].first == "PATH");
  CHECK(options.env_of_base[0].second == EnvTemplate{{"/a:", {}}, {"", BaseVariable{"PATH", "", {}}}, {":z", {}}});
  CHECK(options.env_of_base[1].second == EnvTemplate{{"", BaseVariable{"M", ":-", {{"z", {}}}}}});
  CHECK(options.env == std::vector<std::pair<std::string, std::string>>{{"P", "${base.P}"}});
}

TEST_CASE("the word of a variable of the base may hold others") {
  const auto options = options_of(R"({"env": {"B": "${base.B:-<${base.C-${base.D}}>}!"}})");
  const EnvTemplate inner{{"", BaseVariable{"D", "", {}}}};
  const EnvTemplate word{{"<", {}}, {"", BaseVariable{"C", "-", inner}}, {">", {}}};
  CHECK(options.env_of_base.at(0).second == EnvTemplate{{"", BaseVariable{"B", ":-", word}}, {"!", {}}});
}

TEST_CASE("elsewhere a variable of the base is refused") {
  CHECK(recipe_refusal(R"({"workdir": "${base.HOME}"})") ==
        "r.json:1:13: workdir: a variable of the base, which is known for values of \"env\" only");
  CHECK(recipe_refusal(R"({"env": {"${base.A}": "x"}})").find("a variable of the base") != std::string::npos);
  CHECK(recipe_refusal("{\"env\": {\"A\": \"\xEF\xB7\x90\"}}").find("Unicode does not assign") != std::string::npos);
  CHECK(recipe_refusal(R"({"env": {"A": "${base.}"}})").find("without the name") != std::string::npos);
}

TEST_CASE("several sources may go to one place") {
  const auto adds = options_of(R"({"files": {"/srv": ["web", {"source": "extra", "owner": "5"}]}})").contents.adds;
  REQUIRE(adds.size() == 2);
  CHECK(adds[0].source == "web");
  CHECK(adds[1].source == "extra");
  CHECK(adds[1].owner == "5");
  CHECK(adds[1].destination == "/srv");
  CHECK(recipe_refusal(R"({"files": {"/srv": []}})") == "r.json:1:20: files[\"/srv\"]: no source");
  CHECK(recipe_refusal(R"({"binaries": {"/srv": ["a"]}})").find("an array where a path or an object") !=
        std::string::npos);
}

TEST_CASE("a binary may say how it is built, for each platform") {
  const auto resolved =
      Recipe::parse(R"({"platforms": ["linux/amd64", "linux/arm64"], "args": {"V": "1"}, "binaries": {"/a": {"source":
        "bin/{arch}/a", "build": {"command": ["go", "build", "-X=${V}", "-o", "{output}"], "directory": "cmd", "env": {"CGO_ENABLED": "0"}}}}})",
                    "folder/r.json")
          .resolve({});
  REQUIRE(resolved.builds.size() == 2);
  CHECK(resolved.builds[0].command == std::vector<std::string>{"go", "build", "-X=1", "-o", "{output}"});
  CHECK(resolved.builds[0].directory == "folder/cmd");
  CHECK(resolved.builds[0].output == "folder/bin/amd64/a");
  CHECK(resolved.builds[1].output == "folder/bin/arm64/a");
  CHECK(resolved.builds[1].platform == Platform::parse("linux/arm64"));
  CHECK(resolved.builds[0].env == std::vector<std::pair<std::string, std::string>>{{"CGO_ENABLED", "0"}});
  CHECK(recipe_refusal(R"({"binaries": {"/a": {"source": "a", "build": {}}}})") ==
        "r.json:1:46: binaries[\"/a\"].build: no command");
}
