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
enum class FindingsFormat {
  text,
  json,
  sarif,             // 2.1.0, for code scanning
  gitlab,            // GitLab's code quality
  gitlab_container,  // GitLab's container scanning: vulnerabilities alone
  junit,
  github,  // workflow commands of GitHub Actions, which become annotations
};

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
std::string findings_sarif(const std::vector<CheckReport>& reports);
std::string findings_gitlab_quality(const std::vector<CheckReport>& reports);
std::string findings_gitlab_container(const std::vector<CheckReport>& reports, const FindingsContext& context);
std::string findings_junit(const std::vector<CheckReport>& reports);
std::string findings_github(const std::vector<CheckReport>& reports);
// The table of rules, for people.
std::string list_rules();

// What renderers share: the words of a verdict and a level, and a finding's identity that stays the same from run to
// run (SHA-256 in hexadecimal, of image name, rule, subject and path).
std::string_view word_of_level(Severity level) noexcept;
std::string fingerprint_of(const CheckReport& report, const Finding& finding);
// "REASON" or "not judged: REASON".
std::string message_of(const Finding& finding);
// The file that a finding is shown at: where a recipe or policy asks for it, else the file in the image, without a
// leading
// '/', else the image's name.
std::string file_of(const CheckReport& report, const Finding& finding);

}  // namespace ociassemble
