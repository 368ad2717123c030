// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/platform.hpp"

#include <doctest/doctest.h>

#include "failure.hpp"

using namespace ociassemble;
using test::failure_of;

TEST_CASE("a platform is parsed into its one spelling") {
  struct Case {
    const char* text;
    const char* expected;
  };
  for (const auto& entry : std::initializer_list<Case>{
           {"linux/amd64", "linux/amd64"},     {"Linux/AMD64", "linux/amd64"},
           {"linux/x86_64", "linux/amd64"},    {"linux/x86-64", "linux/amd64"},
           {"linux/amd64/v1", "linux/amd64"},  {"linux/amd64/v3", "linux/amd64/v3"},
           {"linux/aarch64", "linux/arm64"},   {"linux/arm64/v8", "linux/arm64"},
           {"linux/arm64/8", "linux/arm64"},   {"linux/arm64/v9", "linux/arm64/v9"},
           {"linux/arm", "linux/arm/v7"},      {"linux/arm/6", "linux/arm/v6"},
           {"linux/armhf", "linux/arm/v7"},    {"linux/armel", "linux/arm/v6"},
           {"linux/i386", "linux/386"},        {"linux/riscv64", "linux/riscv64"},
           {"linux/ppc64le", "linux/ppc64le"}, {"linux/s390x", "linux/s390x"},
           {"windows/amd64", "windows/amd64"},
       }) {
    const auto& text = entry.text;
    const auto& expected = entry.expected;
    CAPTURE(text);
    CHECK(Platform::parse(text).to_string() == expected);
  }
}

TEST_CASE("what is no platform is refused with a hint") {
  struct Case {
    const char* text;
    const char* hint;
  };
  for (const auto& entry : std::initializer_list<Case>{
           {"", "a platform is OS/ARCHITECTURE[/VARIANT], for example linux/amd64 or linux/arm/v7"},
           {"linux", "a platform is OS/ARCHITECTURE[/VARIANT], for example linux/amd64 or linux/arm/v7"},
           {"linux/", "a platform is OS/ARCHITECTURE[/VARIANT], for example linux/amd64 or linux/arm/v7"},
           {"/amd64", "a platform is OS/ARCHITECTURE[/VARIANT], for example linux/amd64 or linux/arm/v7"},
           {"linux/amd64/", "a platform is OS/ARCHITECTURE[/VARIANT], for example linux/amd64 or linux/arm/v7"},
           {"linux/amd64/v1/x", "a platform is OS/ARCHITECTURE[/VARIANT], for example linux/amd64 or linux/arm/v7"},
           {"linux/amd64/v 1", "a platform is OS/ARCHITECTURE[/VARIANT], for example linux/amd64 or linux/arm/v7"},
           {"aarch64", "did you mean linux/arm64?"},
           {"linux/amd46", "did you mean linux/amd64?"},
           {"linx/amd64", "did you mean linux/amd64?"},
           {"linux/arm46", "did you mean linux/arm64?"},
       }) {
    const auto& text = entry.text;
    const auto& hint = entry.hint;
    CAPTURE(text);
    const auto failure = failure_of([text] { return Platform::parse(text); });
    REQUIRE(failure);
    CHECK(failure->code == ErrorCode::invalid_argument);
    CHECK(failure->hint == hint);
  }
  CHECK(failure_of([] { return Platform::parse("linux/amd46"); })->message ==
        "cannot parse platform \"linux/amd46\": unknown architecture \"amd46\"");
}

TEST_CASE("a platform matches what it asks for") {
  struct Case {
    Platform asked;
    Platform offered;
    bool expected;
  };
  const Platform amd64{"linux", "amd64", "", "", {}};
  const Platform arm{"linux", "arm", "", "", {}};
  const Platform windows{"windows", "amd64", "", "10.0.20348.1", {}};
  for (const auto& entry : std::initializer_list<Case>{
           {amd64, amd64, true},
           {amd64, {"linux", "x86_64", "v1", "", {}}, true},
           {amd64, {"linux", "amd64", "v3", "", {}}, false},
           {{"linux", "amd64", "v3", "", {}}, amd64, false},
           {amd64, {"linux", "arm64", "", "", {}}, false},
           {amd64, {"windows", "amd64", "", "", {}}, false},
           {amd64, {"unknown", "unknown", "", "", {}}, false},
           {{"linux", "arm64", "", "", {}}, {"linux", "arm64", "v8", "", {}}, true},
           {{"linux", "arm64", "v8", "", {}}, {"linux", "arm64", "", "", {}}, true},
           {arm, {"linux", "arm", "v7", "", {}}, true},
           {arm, {"linux", "arm", "v6", "", {}}, false},
           {{"linux", "arm", "v7", "", {}}, arm, true},
           {{"windows", "amd64", "", "", {}}, windows, true},
           {windows, windows, true},
           {windows, {"windows", "amd64", "", "10.0.17763.1", {}}, false},
           {{"windows", "amd64", "", "", {"win32k"}}, windows, false},
           {{"windows", "amd64", "", "", {"win32k"}}, {"windows", "amd64", "", "", {"x", "win32k"}}, true},
       }) {
    const auto& asked = entry.asked;
    const auto& offered = entry.offered;
    const auto& expected = entry.expected;
    CAPTURE(asked.to_string());
    CAPTURE(offered.to_string());
    CHECK(asked.matches(offered) == expected);
  }
}

TEST_CASE("the text of a platform leaves out the version of the operating system") {
  CHECK(Platform{"windows", "amd64", "", "10.0", {"win32k"}}.to_string() == "windows/amd64");
}
