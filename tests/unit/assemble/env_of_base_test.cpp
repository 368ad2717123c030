// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "assemble/config.hpp"

using namespace ociassemble;

namespace {

std::vector<std::string> env_over(const std::vector<std::string>& base_env, const EnvTemplate& value,
                                  const std::vector<std::pair<std::string, std::string>>& env = {}) {
  AssembleOptions options;
  options.env_of_base = {{"V", value}};
  options.env = env;
  Base base;
  base.config.env = base_env;
  return make_config(options, base, 0, {}, "/app").env;
}

using Env = std::vector<std::string>;

}  // namespace

TEST_CASE("what the base sets is put into a value, and stays as it is itself") {
  CHECK(env_over({"PATH=/bin", "A=x=y"},
                 {{"/opt:", {}}, {"", BaseVariable{"PATH", "", {}}}, {":", {}}, {"", BaseVariable{"A", "", {}}}}) ==
        Env{"PATH=/bin", "A=x=y", "V=/opt:/bin:x=y"});
  CHECK(env_over({"A=x"}, {{"[", {}}, {"", BaseVariable{"B", "", {}}}, {"]", {}}}) == Env{"A=x", "V=[]"});
  CHECK(env_over({"V=/bin"}, {{"", BaseVariable{"V", "", {}}}, {":/opt", {}}}) == Env{"V=/bin:/opt"});
}

TEST_CASE("a word stands for what the base does not set") {
  const auto value = [](const char* operation, const Env& base) {
    return env_over(base, {{"", BaseVariable{"A", operation, {{"w", {}}}}}}).back();
  };
  CHECK(value(":-", {"A=x"}) == "V=x");
  CHECK(value(":-", {"A="}) == "V=w");
  CHECK(value("-", {"A="}) == "V=");
  CHECK(value("-", {"B=1"}) == "V=w");
  CHECK(value(":+", {"A=x"}) == "V=w");
  CHECK(value(":+", {"A="}) == "V=");
  CHECK(value("+", {"A="}) == "V=w");
}

TEST_CASE("a word may hold what the base sets") {
  const EnvTemplate word{{"<", {}}, {"", BaseVariable{"B", "-", {{"w", {}}}}}, {">", {}}};
  const EnvTemplate value{{"", BaseVariable{"A", ":-", word}}};
  CHECK(env_over({"A=", "B=x"}, value).back() == "V=<x>");
  CHECK(env_over({"A="}, value).back() == "V=<w>");
  CHECK(env_over({"A=y", "B=x"}, value).back() == "V=y");
}

TEST_CASE("a base without an environment has the usual PATH, and a plain value goes before") {
  CHECK(env_over({}, {{"", BaseVariable{"PATH", "", {}}}}) ==
        Env{"V=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"});
  CHECK(env_over({}, {{"a", {}}}, {{"V", "b"}}) == Env{"V=b"});
}
