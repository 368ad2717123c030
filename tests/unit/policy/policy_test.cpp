// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/policy.hpp"

#include <doctest/doctest.h>

#include <string>

#include "ociassemble/error.hpp"
#include "policy/go_version.hpp"
#include "policy/option_values.hpp"
#include "policy/patterns.hpp"

using namespace ociassemble;

namespace {

std::string refusal_of(const std::string& json) {
  try {
    Policy::parse(json, "p.json");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid_argument);
    return std::string(error.what()) + "; " + error.hint();
  }
  return {};
}

}  // namespace

TEST_CASE("versions of Go are ordered as Go's releases were") {
  const auto version = [](const char* text) { return *GoVersion::parse(text); };
  CHECK(version("go1.9") < version("go1.10"));
  CHECK(version("go1.21beta1") < version("go1.21rc2"));
  CHECK(version("go1.21rc2") < version("go1.21rc10"));
  CHECK(version("go1.21rc10") < version("go1.21.0"));
  CHECK(version("go1.20") < version("go1.20.1"));
  CHECK(version("1.24.6") == version("go1.24.6"));
  CHECK(version("go1.22.1 X:boringcrypto") == version("go1.22.1"));
  CHECK(version("go1.24.6 (Red Hat 1.24.6-1.el9)") == version("go1.24.6"));
  for (const auto* text : {"devel go1.25-abcdef", "", "go", "go1", "go1.x", "1.2.3.4", "go99999999999.1"}) {
    CAPTURE(text);
    CHECK(!GoVersion::parse(text));
  }
}

TEST_CASE("a go.mod asks for its toolchain, else for its language's version") {
  CHECK(version_in_go_mod("module m\n\ngo 1.24\n\ntoolchain go1.24.6\n") == GoVersion::parse("1.24.6"));
  CHECK(version_in_go_mod("module m\ngo 1.22.1 // least\n") == GoVersion::parse("1.22.1"));
  CHECK(version_in_go_mod("module m\ntoolchain default\ngo 1.21\n") == GoVersion::parse("1.21"));
  CHECK(!version_in_go_mod("module m\ngodebug x=1\n"));
}

TEST_CASE("patterns match whole texts, and stars anything") {
  CHECK(matches_pattern("docker.io/library/alpine:*", "docker.io/library/alpine:3.20"));
  CHECK(!matches_pattern("docker.io/library/alpine", "docker.io/library/alpine:3.20"));
  CHECK(matches_pattern("*/a*c", "x/y/abbc"));
  CHECK(!matches_pattern("*/a*c", "x/y/abb"));
  CHECK(matches_pattern("*", ""));
  CHECK(!matches_pattern("", "a"));
}

TEST_CASE("options' values: sizes, days, dates") {
  CHECK(parse_size("1500") == 1500);
  CHECK(parse_size("20MB") == 20'000'000);
  CHECK(parse_size("64MiB") == 67'108'864);
  CHECK(parse_size("1.5kB") == 1500);
  for (const auto* text : {"", "MB", "-1", "1TB", "1 MB", "9999999999999GB", "1e3", "nan", "inf"}) {
    CAPTURE(text);
    CHECK(!parse_size(text));
  }
  CHECK(parse_days("90d") == 90);
  for (const auto* text : {"90", "d", "-1d", "1.5d", "90days"}) CHECK(!parse_days(text));
  CHECK(parse_date("1970-01-02") == 86400);
  CHECK(parse_date("2024-02-29") == 1709164800);  // date -u -d 2024-02-29 +%s
  for (const auto* text : {"2026-02-29", "2026-13-01", "2026-1-1", "2026-01-01T00:00:00Z", ""}) {
    CAPTURE(text);
    CHECK(!parse_date(text));
  }
}

TEST_CASE("a policy says levels and options, and where it does") {
  const auto policy = Policy::parse(
      "{\n\"level\": \"recommended\",\n\"rules\": {\"user\": {\"min\": 1000},\n\"ports\": \"off\"},\n\"tag\": "
      "\"warn\"}",
      "dir/p.json");
  CHECK(policy.level("user") == Severity::error);
  CHECK(policy.rules.at("user").options.at("min").front() == "1000");
  CHECK(policy.rules.at("user").place == FindingPlace{"dir/p.json", 3});
  CHECK(policy.level("ports") == Severity::off);
  CHECK(policy.rules.at("tag").place == FindingPlace{"dir/p.json", 5});
  CHECK(policy.level("setuid") == Severity::error);  // the level's
  CHECK(policy.level("no-such-rule") == Severity::off);
  CHECK(Policy::parse(R"({"go-sums": {"goSum": "go.sum"}})", "dir/p.json")
            .rules.at("go-sums")
            .options.at("goSum")
            .front() == "dir/go.sum");
}

TEST_CASE("what is wrong with a policy is named, with the nearest name") {
  CHECK(refusal_of(R"({"usr": "error"})") == "cannot use p.json: usr: no such member or rule; did you mean \"user\"?");
  CHECK(refusal_of(R"({"rules": {"sshd": {"alow": []}}})") ==
        "cannot use p.json: sshd.alow: no such option; did you mean \"allow\"?");
  CHECK(refusal_of(R"({"age": "error"})") ==
        "cannot use p.json: age: the rule needs \"atMost\"; docs/policy.md says what it holds");
  CHECK(refusal_of(R"({"user": "fatal"})")
            .starts_with("cannot parse p.json: user is not \"off\", \"warn\" or \"error\""));
  CHECK(refusal_of(R"({"except": [{"rule": "user", "reason": ""}]})")
            .starts_with("cannot parse p.json: except[0] has no reason"));
}

TEST_CASE("every level switches on at least what the level below does") {
  for (const auto& rule : describe_rules()) {
    CAPTURE(rule.name);
    CHECK(rule.standard <= rule.recommended);
    CHECK(rule.recommended <= rule.strict);
    CHECK(Policy::of_level(PolicyLevel::strict).level(rule.name) == rule.strict);
  }
}
