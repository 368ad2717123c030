// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "vulnerabilities/version_order.hpp"

using namespace ociassemble;

namespace {

char sign_of(std::weak_ordering order) { return order < 0 ? '<' : order > 0 ? '>' : '='; }

// "A < B" lines that another tool wrote; comments begin with '#'.
std::size_t check_recorded(const std::string& name, std::weak_ordering (*compare)(std::string_view, std::string_view)) {
  std::ifstream file(std::string(GOLDEN_FOLDER) + "/versions/" + name);
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    std::string a;
    std::string b;
    char expected = ' ';
    words >> a >> expected >> b;
    INFO(line);
    CHECK(sign_of(compare(a, b)) == expected);
    const char turned = expected == '<' ? '>' : expected == '>' ? '<' : '=';
    CHECK(sign_of(compare(b, a)) == turned);
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("Debian's versions are in dpkg's order") { CHECK(check_recorded("dpkg.txt", compare_dpkg_versions) >= 500); }

TEST_CASE("Alpine's versions are in apk's order") { CHECK(check_recorded("apk.txt", compare_apk_versions) >= 500); }

TEST_CASE("Go's versions are in the order of x/mod/semver") {
  CHECK(check_recorded("go.txt", compare_go_versions) >= 450);
}

TEST_CASE("a Go version may lack its v, as in OSV documents") {
  CHECK(sign_of(compare_go_versions("v1.2.3", "1.2.3")) == '=');
  CHECK(sign_of(compare_go_versions("1.2.3", "v1.2.4")) == '<');
}

TEST_CASE("versions of Go releases become module versions") {
  CHECK(go_release_version("go1.21") == "1.21.0");
  CHECK(go_release_version("go1.21.5") == "1.21.5");
  CHECK(go_release_version("go1.21rc2") == "1.21.0-rc.2");
  CHECK(go_release_version("go1.8beta1") == "1.8.0-beta.1");
  CHECK(go_release_version("go1.22.1 X:boringcrypto") == "1.22.1");
  CHECK(go_release_version("go1.24.6 (Red Hat 1.24.6-1.el9)") == "1.24.6");
  CHECK(go_release_version("go1.22.1-X:rangefunc") == "1.22.1");
  CHECK(go_release_version("devel go1.25-0123456").empty());
  CHECK(go_release_version("go1").empty());
  CHECK(go_release_version("go1.21foo").empty());
  CHECK(go_release_version("go1.04").empty());
  CHECK(go_release_version("go01.21").empty());
  CHECK(go_release_version("go1.21rc02").empty());
  CHECK(go_release_version("").empty());
}

TEST_CASE("pseudo-versions are told from tags") {
  CHECK(parse_pseudo_version("v0.0.0-20240601000000-0123456789ab").has_value());
  CHECK_FALSE(parse_pseudo_version("v0.0.0-20240601000000-0123456789ab")->has_base);
  CHECK(parse_pseudo_version("v1.2.4-0.20240601000000-0123456789ab")->has_base);
  CHECK(parse_pseudo_version("v1.2.4-0.20240601000000-0123456789ab")->base == "v1.2.4-0.");
  CHECK(parse_pseudo_version("v1.2.3-rc.1.0.20240601000000-0123456789ab")->has_base);
  CHECK(parse_pseudo_version("v2.0.0-20240601000000-0123456789ab+incompatible").has_value());
  CHECK_FALSE(parse_pseudo_version("v1.2.3").has_value());
  CHECK_FALSE(parse_pseudo_version("v1.2.3-rc1").has_value());
  CHECK_FALSE(parse_pseudo_version("v1.2.3-20240601000000-0123456789ab").has_value());
  CHECK_FALSE(parse_pseudo_version("v0.0.0-2024-0123456789ab").has_value());
}
