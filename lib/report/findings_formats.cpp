// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "report/findings.hpp"

namespace ociassemble {
namespace {

struct NamedFormat {
  std::string_view name;
  FindingsFormat format;
};
constexpr std::array kFindingsFormats{NamedFormat{"text", FindingsFormat::text},
                                      NamedFormat{"json", FindingsFormat::json},
                                      NamedFormat{"sarif", FindingsFormat::sarif},
                                      NamedFormat{"gitlab", FindingsFormat::gitlab},
                                      NamedFormat{"gitlab-container", FindingsFormat::gitlab_container},
                                      NamedFormat{"junit", FindingsFormat::junit},
                                      NamedFormat{"github", FindingsFormat::github}};

}  // namespace

FindingsFormat parse_findings_format(std::string_view text) {
  std::string names;
  for (const auto& known : kFindingsFormats) {
    if (known.name == text) return known.format;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
  }
  throw Error(ErrorCode::invalid_argument, fmt::format("unknown format {}", printable(text)),
              fmt::format("the formats are {}", names));
}

std::string render_findings(FindingsFormat format, const std::vector<CheckReport>& reports,
                            const FindingsContext& context) {
  switch (format) {
    case FindingsFormat::text:
      return findings_text(reports);
    case FindingsFormat::json:
      return findings_json(reports);
    case FindingsFormat::sarif:
      return findings_sarif(reports);
    case FindingsFormat::gitlab:
      return findings_gitlab_quality(reports);
    case FindingsFormat::gitlab_container:
      return findings_gitlab_container(reports, context);
    case FindingsFormat::junit:
      return findings_junit(reports);
    case FindingsFormat::github:
      return findings_github(reports);
  }
  return {};
}

}  // namespace ociassemble
