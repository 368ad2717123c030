// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "ociassemble/error.hpp"
#include "vulnerabilities/ecosystems.hpp"
#include "vulnerabilities/package_url.hpp"
#include "vulnerabilities/vex.hpp"

using namespace ociassemble;

namespace {

PackageUrl url(const std::string& text) { return PackageUrl::parse(text).value(); }

std::string statements(const std::string& list) { return R"({"author":"A","statements":[)" + list + "]}"; }

std::string statement(const std::string& time, const std::string& status) {
  return R"({"vulnerability":{"name":"CVE-1"},"timestamp":")" + time +
         R"(","products":[{"@id":"pkg:golang/example.com/lib"}],
    "justification":"component_not_present","status":")" +
         status + R"("})";
}

const VexSubject kLibSubject{{}, {}, {url("pkg:golang/example.com/lib@v1.2.3")}, {}, {}};

}  // namespace

TEST_CASE("package URLs are taken apart and decoded") {
  const auto parsed = url("pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12#usr/lib");
  CHECK(parsed.type == "deb");
  CHECK(parsed.name == "debian/libssl3");
  CHECK(parsed.version == "3.0.11-1~deb12u2");
  CHECK(parsed.qualifiers.at("distro") == "debian-12");
  CHECK(url("pkg:oci/server@sha256%3Aab?repository_url=a.example%2Fteam").version == "sha256:ab");
  for (const auto* text : {"", "pkg:", "pkg:golang", "pkg:golang/", "golang/example.com/lib"}) {
    CHECK_FALSE(PackageUrl::parse(text).has_value());
  }
}

TEST_CASE("what a package URL leaves out fits everything") {
  const auto found = url("pkg:deb/debian/libssl3@3.0.11?arch=amd64&distro=debian-12");
  CHECK(url("pkg:deb/debian/libssl3").covers(found));
  CHECK(url("pkg:deb/debian/libssl3@3.0.11?arch=amd64").covers(found));
  CHECK_FALSE(url("pkg:deb/debian/libssl3@3.0.12").covers(found));
  CHECK_FALSE(url("pkg:deb/debian/libssl3?arch=arm64").covers(found));
  CHECK_FALSE(url("pkg:deb/debian/openssl").covers(found));
  CHECK_FALSE(url("pkg:deb/debian/libssl3?epoch=1").covers(found));
  CHECK(url("pkg:golang/example.com/lib@1.2.3").covers(url("pkg:golang/example.com/lib@v1.2.3")));
}

TEST_CASE("the newest statement counts, of two of one time the later") {
  const auto last = [](const std::string& list) {
    const VexStatements all(read_vex(statements(list), "vex"));
    const auto* found = all.find({"CVE-1"}, kLibSubject);
    return found == nullptr ? std::string() : std::string(vex_status_name(found->status));
  };
  const auto old = statement("2024-01-01T00:00:00Z", "not_affected");
  const auto fresh = statement("2024-02-01T00:00:00Z", "affected");
  CHECK(last(old + "," + fresh) == "affected");
  CHECK(last(fresh + "," + old) == "affected");
  CHECK(last(old + "," + statement("2024-01-01T01:00:00+01:00", "fixed")) == "fixed");
  CHECK(last(old) == "not_affected");
  CHECK(VexStatements(read_vex(statements(old), "vex")).find({"CVE-2"}, kLibSubject) == nullptr);
}

TEST_CASE("what names one of several programs or packages says nothing of the others") {
  const auto says = [](const std::string& products, const VexSubject& subject) {
    const VexStatements all(read_vex(
        statements(R"({"vulnerability":{"name":"CVE-1"},"status":"fixed","products":[)" + products + "]}"), "vex"));
    return all.find({"CVE-1"}, subject) != nullptr;
  };
  const VexSubject programs{
      {}, {}, {url("pkg:golang/lib")}, {}, {url("pkg:golang/a.example/one"), url("pkg:golang/a.example/two")}};
  CHECK_FALSE(says(R"({"@id":"pkg:golang/a.example/one"})", programs));
  CHECK(says(R"({"@id":"pkg:golang/a.example/one"},{"@id":"pkg:golang/a.example/two"})", programs));
  CHECK_FALSE(says(R"({"@id":"pkg:golang/a.example/one"},{"@id":"pkg:golang/a.example/two",
    "subcomponents":[{"@id":"pkg:golang/other"}]})",
                   programs));
  // A program without a main module is nobody's.
  CHECK_FALSE(says(R"({"@id":"pkg:golang/a.example/one"})",
                   {{}, {}, {url("pkg:golang/lib")}, {}, {url("pkg:golang/a.example/one"), {}}}));
  const VexSubject packages{{},
                            {},
                            {url("pkg:deb/debian/openssl?arch=source")},
                            {url("pkg:deb/debian/openssl?arch=amd64"), url("pkg:deb/debian/libssl3")},
                            {}};
  CHECK_FALSE(says(R"({"@id":"pkg:deb/debian/libssl3"})", packages));
  CHECK(says(R"({"@id":"pkg:deb/debian/openssl?arch=source"})", packages));
  CHECK(says(R"({"@id":"pkg:deb/debian/libssl3"},{"@id":"pkg:deb/debian/openssl?arch=amd64"})", packages));
}

TEST_CASE("a statement has to say what it means") {
  for (const auto* text :
       {"{}", "[]", R"({"statements":[{"status":"fixed"}]})",
        R"({"statements":[{"vulnerability":{"name":"CVE-1"},"status":"safe"}]})",
        R"({"statements":[{"vulnerability":{"name":"CVE-1"},"status":"not_affected"}]})",
        R"({"statements":[{"vulnerability":{"name":"CVE-1"},"status":"not_affected","justification":"because"}]})",
        R"({"@context":"https://example.com","statements":[]})",
        R"({"statements":[{"vulnerability":{"name":"CVE-1"},"status":"fixed","timestamp":"yesterday"}]})",
        R"({"document":{},"vulnerabilities":[{"product_status":{"fixed":"x"}}]})",
        R"({"document":{"csaf_version":"3.0"},"vulnerabilities":[]})",
        R"({"document":{"tracking":{"current_release_date":"today"}},"vulnerabilities":[]})",
        R"({"document":{},"vulnerabilities":[{"product_status":{"fixed":["P"],"known_affected":["P"]}}]})"}) {
    INFO(text);
    CHECK_THROWS_AS(read_vex(text, "vex"), Error);
  }
}

TEST_CASE("systems have OSV's names") {
  CHECK(ecosystem_of({.id = "debian", .version_id = "12"}) == "Debian:12");
  CHECK(ecosystem_of({.id = "debian", .version_codename = "trixie"}) == "Debian:13");
  CHECK(ecosystem_of({.id = "alpine", .version_id = "3.20.3"}) == "Alpine:v3.20");
  CHECK(ecosystem_of({.id = "alpine", .version_id = "3.21.0_alpha20240923"}) == "Alpine:edge");
  CHECK(ecosystem_of({.id = "ubuntu", .version_id = "22.04"}) == "Ubuntu:22.04:LTS");
  CHECK(ecosystem_of({.id = "ubuntu", .version_id = "23.10"}) == "Ubuntu:23.10");
  CHECK(ecosystem_of({.id = "fedora", .version_id = "40"}).empty());
}
