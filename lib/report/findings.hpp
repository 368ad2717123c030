// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/policy.hpp"

namespace ociassemble {

// How what a check found is written. One renderer each; each takes the reports of one or several images (platforms, or
// profiles of a recipe).
enum class FindingsFormat { text, json, sarif, gitlab, junit, github };

// "text", "json", … Throws Error{invalid_argument} that lists them.
FindingsFormat parse_findings_format(std::string_view text);

// What renderers are told besides.
struct FindingsContext {
  std::string time;  // RFC 3339 in UTC, of the check; where a form needs one. Empty: 1970
};

std::string render_findings(FindingsFormat format, const std::vector<CheckReport>& reports,
                            const FindingsContext& context = {});

std::string findings_text(const std::vector<CheckReport>& reports);
std::string findings_json(const std::vector<CheckReport>& reports);
// The table of rules, for people.
std::string list_rules();

// What renderers share: the words of a verdict and a level, and a finding's identity that stays the same from run to
// run (SHA-256 in hexadecimal, of image name, rule, subject and path).
std::string_view word_of_level(Severity level) noexcept;
std::string fingerprint_of(const CheckReport& report, const Finding& finding);

}  // namespace ociassemble
