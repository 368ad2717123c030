// SPDX-License-Identifier: Apache-2.0
#include "vulnerabilities/severity.hpp"

#include <array>
#include <utility>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "vulnerabilities/cvss.hpp"

namespace ociassemble {
namespace {

constexpr std::array<std::pair<std::string_view, SeverityLevel>, 6> kLevels{{
    {"unknown", SeverityLevel::unknown},
    {"none", SeverityLevel::none},
    {"low", SeverityLevel::low},
    {"medium", SeverityLevel::medium},
    {"high", SeverityLevel::high},
    {"critical", SeverityLevel::critical},
}};

constexpr std::array<std::pair<std::string_view, Reach>, 4> kReaches{{
    {"unknown", Reach::unknown},
    {"module", Reach::module},
    {"package", Reach::package},
    {"symbol", Reach::symbol},
}};

int version_of(std::string_view vector) {
  if (vector.starts_with("CVSS:4")) return 4;
  return vector.starts_with("CVSS:3") ? 3 : 2;
}

}  // namespace

std::string_view severity_name(SeverityLevel level) noexcept {
  return kLevels.at(static_cast<std::size_t>(level)).first;
}

SeverityLevel parse_severity_level(std::string_view text) {
  for (const auto& [name, level] : kLevels) {
    if (name == text) return level;
  }
  throw Error(ErrorCode::invalid_argument, "unknown severity \"" + printable(text) + "\"",
              "the severities are low, medium, high and critical");
}

std::string_view reach_name(Reach reach) noexcept { return kReaches.at(static_cast<std::size_t>(reach)).first; }

Reach parse_reach(std::string_view text) {
  for (const auto& [name, reach] : kReaches) {
    if (name == text && reach != Reach::unknown) return reach;
  }
  throw Error(ErrorCode::invalid_argument, "unknown reach \"" + printable(text) + "\"",
              "it is module, package or symbol");
}

bool counts(const FoundVulnerability& found, const VulnerabilityGate& gate) noexcept {
  if (found.is_excused() || (gate.ignore_unfixed && !found.is_fixable())) return false;
  if (found.reach != Reach::unknown && found.reach < gate.reach) return false;
  if (found.severity.level == SeverityLevel::unknown) {
    return gate.at_least == SeverityLevel::unknown || gate.count_unknown_severity;
  }
  return found.severity.level >= gate.at_least;
}

SeverityLevel level_of_score(double score) {
  if (score <= 0) return SeverityLevel::none;
  if (score < 4) return SeverityLevel::low;
  if (score < 7) return SeverityLevel::medium;
  return score < 9 ? SeverityLevel::high : SeverityLevel::critical;
}

SeverityLevel level_of_word(std::string_view word) {
  auto lower = to_lower(word);
  while (lower.ends_with('*')) lower.pop_back();
  if (lower == "moderate") return SeverityLevel::medium;
  if (lower == "unimportant" || lower == "negligible") return SeverityLevel::low;
  for (const auto& [name, level] : kLevels) {
    if (name == lower) return level;
  }
  return SeverityLevel::unknown;
}

VulnerabilitySeverity judge_severity(const std::vector<std::string>& vectors, std::string_view word,
                                     std::string_view source) {
  VulnerabilitySeverity severity;
  int newest = 0;
  for (const auto& vector : vectors) {
    const auto score = cvss_score(vector);
    const int version = version_of(vector);
    if (!score || version < newest || (version == newest && *score <= *severity.score)) continue;
    newest = version;
    severity.score = score;
    severity.vector = vector;
  }
  severity.level = severity.score ? level_of_score(*severity.score) : level_of_word(word);
  if (severity.level != SeverityLevel::unknown) severity.source = source;
  return severity;
}

}  // namespace ociassemble
