// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <string>

#include "vulnerabilities/cvss.hpp"
#include "vulnerabilities/severity.hpp"

using namespace ociassemble;

TEST_CASE("CVSS scores are those of another calculator") {
  std::ifstream file(std::string(GOLDEN_FOLDER) + "/cvss.txt");
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    std::string vector;
    std::string expected;
    words >> vector >> expected;
    INFO(line);
    const auto score = cvss_score(vector);
    REQUIRE(score.has_value());
    CHECK(fmt::format("{:.1f}", *score) == expected);
    ++count;
  }
  CHECK(count == 600);
}

TEST_CASE("published examples have their published scores") {
  // FIRST's examples for CVSS 3.1 (CVE-2021-44228, CVE-2013-1937), 2.0 (CVE-2002-0392) and the calculator's for 4.0.
  CHECK(cvss_score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H") == 10.0);
  CHECK(cvss_score("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N") == 6.1);
  CHECK(cvss_score("AV:N/AC:L/Au:N/C:N/I:N/A:C") == 7.8);
  CHECK(cvss_score("(AV:N/AC:L/Au:N/C:C/I:C/A:C)") == 10.0);
  CHECK(cvss_score("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N") == 9.3);
}

TEST_CASE("what is no vector has no score") {
  for (const auto* text :
       {"", "CVSS:3.1", "CVSS:3.1/", "CVSS:3.1/AV:N", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:X/C:H/I:H/A:H",
        "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "CVSS:5.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N", "HIGH", "AV:N/AC:L/Au:N/C:N/I:N/A:", "////"}) {
    INFO(text);
    CHECK_FALSE(cvss_score(text).has_value());
  }
}

TEST_CASE("words of databases become levels") {
  CHECK(level_of_word("MODERATE") == SeverityLevel::medium);
  CHECK(level_of_word("low**") == SeverityLevel::low);
  CHECK(level_of_word("unimportant") == SeverityLevel::low);
  CHECK(level_of_word("not yet assigned") == SeverityLevel::unknown);
  CHECK(level_of_word("end-of-life") == SeverityLevel::unknown);
}

TEST_CASE("the newest version of CVSS counts, of one the highest score") {
  const auto severity = judge_severity({"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
                                        "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N",
                                        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N"},
                                       "LOW", "GHSA-1");
  CHECK(severity.level == SeverityLevel::high);
  CHECK(severity.score == 8.7);
  CHECK(severity.source == "GHSA-1");
  CHECK(judge_severity({"nonsense"}, "HIGH", "X-1").level == SeverityLevel::high);
  CHECK(judge_severity({}, "", "X-1").level == SeverityLevel::unknown);
}
