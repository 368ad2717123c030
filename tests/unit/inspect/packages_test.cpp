// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "inspect/apk_database.hpp"
#include "inspect/dpkg_database.hpp"
#include "inspect/os_release.hpp"

using namespace ociassemble;
using namespace std::string_literals;

TEST_CASE("apk's database names packages and their origins") {
  const auto list = parse_apk_database(
      "C:Q1abc=\nP:busybox-binsh\nV:1.36.1-r29\nA:x86_64\nS:1543\nL:GPL-2.0-only\no:busybox\n"
      "F:bin\nR:sh\na:0:0:777\nZ:Q1pcfTfDNEbNKQc2s1tia7da05M8Q=\n\n"
      "P:mine\nV:1.0-r0\nA:noarch\n");
  CHECK(list.broken_records == 0);
  REQUIRE(list.packages.size() == 2);
  CHECK(list.packages[0].name == "busybox-binsh");
  CHECK(list.packages[0].version == "1.36.1-r29");
  CHECK(list.packages[0].architecture == "x86_64");
  CHECK(list.packages[0].source_name == "busybox");
  CHECK(list.packages[0].source_version == "1.36.1-r29");
  CHECK(list.packages[0].license == "GPL-2.0-only");
  CHECK(list.packages[1].source_name == "mine");  // without an origin
}

TEST_CASE("broken records of apk are counted, and cost no others") {
  const auto list =
      parse_apk_database("P:no-version\n\nV:1\n\n\n\nP:a\nV:1\n\nrubbish\n\nP:b\x1b[2J\nV:1\n\nP:c\r\nV:2\r\n\r\n");
  CHECK(list.broken_records == 4);
  REQUIRE(list.packages.size() == 2);
  CHECK(list.packages[0].name == "a");
  CHECK(list.packages[1].name == "c");
  CHECK(list.packages[1].version == "2");
  CHECK(parse_apk_database("").packages.empty());
}

TEST_CASE("dpkg's database names packages and their sources") {
  const auto list = parse_dpkg_status(
      "Package: bsdutils\nEssential: yes\nStatus: install ok installed\nArchitecture: amd64\n"
      "Source: util-linux (2.38.1-5+deb12u3)\nVersion: 1:2.38.1-5+deb12u3\nDescription: basic utilities\n"
      " Version: 9\n .\n\tPackage: none\n\n"
      "Package: adduser\nStatus: install ok installed\nArchitecture: all\nVersion: 3.134\n");
  CHECK(list.broken_records == 0);
  REQUIRE(list.packages.size() == 2);
  CHECK(list.packages[0].name == "bsdutils");
  CHECK(list.packages[0].version == "1:2.38.1-5+deb12u3");
  CHECK(list.packages[0].architecture == "amd64");
  CHECK(list.packages[0].source_name == "util-linux");
  CHECK(list.packages[0].source_version == "2.38.1-5+deb12u3");
  CHECK(list.packages[1].source_name == "adduser");
  CHECK(list.packages[1].source_version == "3.134");
}

TEST_CASE("a source without a version has the package's") {
  const auto list = parse_dpkg_status("Package: libc6\nSource: glibc\nVersion: 2.36-9\n");
  REQUIRE(list.packages.size() == 1);
  CHECK(list.packages[0].source_name == "glibc");
  CHECK(list.packages[0].source_version == "2.36-9");
}

TEST_CASE("dpkg's state says whether a package is there") {
  const auto list = parse_dpkg_status(
      "Package: a\nVersion: 1\nStatus: deinstall ok config-files\n\n"
      "Package: b\nVersion: 1\nStatus: install ok half-configured\n\n"
      "Package: c\nVersion: 1\nStatus: unknown ok not-installed\n\n"
      "Package: d\nVersion: 1\n\n"  // distroless
      "Package: e\nStatus: unknown ok not-installed\n");
  REQUIRE(list.packages.size() == 3);
  CHECK(list.packages[0].name == "a");
  CHECK_FALSE(list.packages[0].is_installed);
  CHECK(list.packages[1].name == "b");
  CHECK(list.packages[1].is_installed);
  CHECK(list.packages[2].name == "d");
  CHECK(list.packages[2].is_installed);
  CHECK(list.broken_records == 0);
}

TEST_CASE("fields of dpkg have no case, and blank lines may hold blanks") {
  const auto list = parse_dpkg_status("PACKAGE:  a  \nversion:\t1\n \t\nPackage: b\nVersion: 2\r\n\r\n");
  REQUIRE(list.packages.size() == 2);
  CHECK(list.packages[0].name == "a");
  CHECK(list.packages[0].version == "1");
  CHECK(list.packages[1].version == "2");
}

TEST_CASE("broken records of dpkg are counted") {
  const auto list = parse_dpkg_status(
      "Package: a\n\nno field\n\nVersion: 1\n\nPackage: b\nVersion: 1\x01\n\nPackage: c\nVersion: 1\n");
  CHECK(list.broken_records == 4);
  REQUIRE(list.packages.size() == 1);
  CHECK(list.packages[0].name == "c");
  const auto long_name = parse_dpkg_status("Version: 1\nPackage: " + std::string(5000, 'x'));
  CHECK(long_name.broken_records == 1);
}

TEST_CASE("checksums beside distroless' records are none") {
  CHECK(is_dpkg_record("base-files"));
  CHECK(is_dpkg_record("libc6"));
  CHECK_FALSE(is_dpkg_record("base-files.md5sums"));
  CHECK_FALSE(is_dpkg_record(""));
  CHECK_FALSE(is_dpkg_record(".hidden"));
}

TEST_CASE("os-release is read as a shell reads it") {
  const auto release = parse_os_release(
      "# comment\nPRETTY_NAME=\"Debian \\\"GNU/Linux\\\" 12\"\nNAME='it''s'\nVERSION_ID=\"12\"\n  "
      "VERSION_CODENAME=bookworm # no\n"
      "ID=first\nID=debian\nID_LIKE=\"rhel  fedora\"\nNOT A LINE\nVERSION_ID2=9\n");
  CHECK(release.pretty_name == "Debian \"GNU/Linux\" 12");
  CHECK(release.version_id == "12");
  CHECK(release.version_codename == "bookworm");
  CHECK(release.id == "debian");
  CHECK(release.id_like == std::vector<std::string>{"rhel", "fedora"});
}

TEST_CASE("os-release that says nothing is some Linux") {
  const auto release = parse_os_release("");
  CHECK(release.id == "linux");
  CHECK(release.id_like.empty());
  CHECK(release.pretty_name.empty());
}

TEST_CASE("os-release cannot paint the terminal, and single quotes keep backslashes") {
  const auto release = parse_os_release("PRETTY_NAME=\"a\x1b[2Jb\"\nVERSION_ID='1\\2'\nID=\"open\n");
  CHECK(release.pretty_name == "a [2Jb");
  CHECK(release.version_id == "1\\2");
  CHECK(release.id == "open");
  CHECK(parse_os_release("ID=" + std::string(10000, 'x')).id.size() == 4096);
}
