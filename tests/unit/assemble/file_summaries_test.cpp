// SPDX-License-Identifier: Apache-2.0
#include "bases/file_summaries.hpp"

#include <doctest/doctest.h>

#include <string>

#include "gates/library_facts.hpp"

using namespace ociassemble;

TEST_CASE("libraries, bundles of certificates and package databases are summarised, by their places") {
  for (const auto* path : {"lib/ld-musl-x86_64.so.1", "etc/ssl/certs/ca-certificates.crt", "etc/ssl/cert.pem",
                           "lib/apk/db/installed", "usr/lib/apk/db/installed", "var/lib/dpkg/status",
                           "var/lib/dpkg/status.d/base-files", "var/lib/dpkg/status.d/libc6"})
    CHECK(is_summarised_file(path));
  for (const auto* path : {"etc/passwd", "var/lib/dpkg/status-old", "var/lib/dpkg/status.d", "var/lib/dpkg/status.d/",
                           "var/lib/dpkg/status.d/libc6.md5sums", "var/lib/dpkg/status.d/a/b", "srv/status"})
    CHECK_FALSE(is_summarised_file(path));
  CHECK(decode_library(summarise_file("lib/liba.so", "text")));
}

TEST_CASE("the certificates of a bundle are counted") {
  const std::string one = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  CHECK(decode_certificates(summarise_file("etc/ssl/cert.pem", one + "# comment\n" + one)) == 2);
  CHECK(decode_certificates(summarise_file("etc/ssl/cert.pem", "")) == 0);
  for (const auto* text : {"", "certificates 1 ", "certificates 1 x\n", "certificates 1 2\nmore", "packages 1 2\n"})
    CHECK_FALSE(decode_certificates(text));
}

TEST_CASE("packages survive their summary") {
  const auto list = decode_packages(summarise_file("lib/apk/db/installed",
                                                   "P:busybox-binsh\nV:1.36.1-r29\nA:x86_64\no:busybox\n"
                                                   "L:GPL-2.0-only\n\nP:broken\n\nP:musl\nV:1.2.5-r0\n"));
  REQUIRE(list);
  REQUIRE(list->packages.size() == 2);
  CHECK(list->broken_records == 1);
  CHECK(list->packages[0].name == "busybox-binsh");
  CHECK(list->packages[0].version == "1.36.1-r29");
  CHECK(list->packages[0].architecture == "x86_64");
  CHECK(list->packages[0].source_name == "busybox");
  CHECK(list->packages[0].license == "GPL-2.0-only");
  const auto removed = decode_packages(summarise_file(
      "var/lib/dpkg/status",
      "Package: bash\nStatus: deinstall ok config-files\nVersion: 5.2.15-2+b13\nSource: bash (5.2.15-2)\n"));
  REQUIRE(removed);
  REQUIRE(removed->packages.size() == 1);
  CHECK_FALSE(removed->packages[0].is_installed);
  CHECK(removed->packages[0].source_version == "5.2.15-2");
  for (const auto* text : {"", "packages 1 ", "packages 1 0\na\tb\n", "packages 1 0\na\tb\tc\td\te\tf\tinstalled",
                           "packages 1 0\na\tb\tc\td\te\tf\tg\th\n"})
    CHECK_FALSE(decode_packages(text));
}
