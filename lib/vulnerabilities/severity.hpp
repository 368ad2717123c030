// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/vulnerabilities.hpp"

namespace ociassemble {

// CVSS 3.1 and 4.0: none 0, low to 3.9, medium to 6.9, high to 8.9, critical; the same for 2.0.
SeverityLevel level_of_score(double score);
// A database's word: GitHub's "MODERATE", Debian's urgency ("low**", "unimportant", "not yet assigned"), Ubuntu's
// "negligible". `unknown` for any other.
SeverityLevel level_of_word(std::string_view word);

// What vectors and a word say: the newest version of CVSS counts, of one version the highest score; the word where no
// vector can be read.
VulnerabilitySeverity judge_severity(const std::vector<std::string>& vectors, std::string_view word,
                                     std::string_view source);

}  // namespace ociassemble
