// SPDX-License-Identifier: Apache-2.0
#include "vulnerabilities/cvss.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>

namespace ociassemble {
namespace {

constexpr std::size_t kLongestVector = 512;

struct Metric {
  std::string_view name;
  std::string_view values;  // a letter each; those of more letters are listed apart
  bool is_mandatory = true;
};

constexpr std::array<Metric, 6> kMetrics2{{
    {"AV", "LAN"},
    {"AC", "HML"},
    {"Au", "MSN"},
    {"C", "NPC"},
    {"I", "NPC"},
    {"A", "NPC"},
}};
constexpr std::array<Metric, 8> kMetrics3{{
    {"AV", "NALP"},
    {"AC", "LH"},
    {"PR", "NLH"},
    {"UI", "NR"},
    {"S", "UC"},
    {"C", "NLH"},
    {"I", "NLH"},
    {"A", "NLH"},
}};
constexpr std::array<Metric, 26> kMetrics4{{
    {"AV", "NALP"},
    {"AC", "LH"},
    {"AT", "NP"},
    {"PR", "NLH"},
    {"UI", "NPA"},
    {"VC", "HLN"},
    {"VI", "HLN"},
    {"VA", "HLN"},
    {"SC", "HLN"},
    {"SI", "HLN"},
    {"SA", "HLN"},
    {"E", "XAPU", false},
    {"CR", "XHML", false},
    {"IR", "XHML", false},
    {"AR", "XHML", false},
    {"MAV", "XNALP", false},
    {"MAC", "XLH", false},
    {"MAT", "XNP", false},
    {"MPR", "XNLH", false},
    {"MUI", "XNPA", false},
    {"MVC", "XHLN", false},
    {"MVI", "XHLN", false},
    {"MVA", "XHLN", false},
    {"MSC", "XHLN", false},
    {"MSI", "XSHLN", false},
    {"MSA", "XSHLN", false},
}};

// "NAME:VALUE/…"; nothing where a part has another form, or a name comes twice.
std::optional<CvssMetrics> parse_metrics(std::string_view vector) {
  CvssMetrics metrics;
  while (!vector.empty()) {
    const auto end = vector.find('/');
    const auto part = vector.substr(0, end);
    vector.remove_prefix(end == std::string_view::npos ? vector.size() : end + 1);
    const auto colon = part.find(':');
    if (colon == std::string_view::npos || colon + 1 == part.size()) return {};
    if (!metrics.emplace(part.substr(0, colon), part.substr(colon + 1)).second) return {};
  }
  return metrics;
}

bool are_known(const CvssMetrics& metrics, std::span<const Metric> known) {
  return std::all_of(known.begin(), known.end(), [&](const Metric& metric) {
    const auto found = metrics.find(metric.name);
    if (found == metrics.end()) return !metric.is_mandatory;
    return found->second.size() == 1 && metric.values.find(found->second.front()) != std::string_view::npos;
  });
}

// The weight that stands at the place of the value's letter.
template <std::size_t Size>
double weight(const CvssMetrics& metrics, std::string_view name, std::string_view letters,
              const std::array<double, Size>& weights) {
  const auto place = letters.find(metrics.at(name).front());
  return place < Size ? weights[place] : 0;
}

double to_one_decimal(double value) { return std::round(value * 10) / 10; }

// Specification of CVSS 2.0, section 3.2.1.
double cvss2_score(const CvssMetrics& m) {
  constexpr std::array<double, 3> kImpact{0.0, 0.275, 0.660};
  const double impact = 10.41 * (1 - (1 - weight(m, "C", "NPC", kImpact)) * (1 - weight(m, "I", "NPC", kImpact)) *
                                         (1 - weight(m, "A", "NPC", kImpact)));
  const double exploitability = 20 * weight<3>(m, "AV", "LAN", {0.395, 0.646, 1.0}) *
                                weight<3>(m, "AC", "HML", {0.35, 0.61, 0.71}) *
                                weight<3>(m, "Au", "MSN", {0.45, 0.56, 0.704});
  if (impact <= 0) return 0;
  return to_one_decimal((0.6 * impact + 0.4 * exploitability - 1.5) * 1.176);
}

// Specification of CVSS 3.1, appendix A: to one decimal, up, on integers, so that every machine gets the same.
double round_up(double value) {
  const auto scaled = static_cast<std::int64_t>(std::llround(value * 100'000));
  const auto tenths = scaled % 10'000 == 0 ? scaled / 10'000 : scaled / 10'000 + 1;
  return static_cast<double>(tenths) / 10;
}

// Specification of CVSS 3.1, section 7.1.
double cvss3_score(const CvssMetrics& m) {
  constexpr std::array<double, 3> kImpact{0.0, 0.22, 0.56};
  const bool is_changed = m.at("S") == "C";
  const double base = 1 - (1 - weight(m, "C", "NLH", kImpact)) * (1 - weight(m, "I", "NLH", kImpact)) *
                              (1 - weight(m, "A", "NLH", kImpact));
  const double impact = is_changed ? 7.52 * (base - 0.029) - 3.25 * std::pow(base - 0.02, 15) : 6.42 * base;
  const double privileges =
      is_changed ? weight<3>(m, "PR", "NLH", {0.85, 0.68, 0.5}) : weight<3>(m, "PR", "NLH", {0.85, 0.62, 0.27});
  const double exploitability = 8.22 * weight<4>(m, "AV", "NALP", {0.85, 0.62, 0.55, 0.2}) *
                                weight<2>(m, "AC", "LH", {0.77, 0.44}) * privileges *
                                weight<2>(m, "UI", "NR", {0.85, 0.62});
  if (impact <= 0) return 0;
  return round_up(std::min((is_changed ? 1.08 : 1.0) * (impact + exploitability), 10.0));
}

}  // namespace

std::optional<double> cvss_score(std::string_view vector) {
  if (vector.size() > kLongestVector) return {};
  const auto scored = [&](std::string_view prefix, std::span<const Metric> known,
                          double (*score)(const CvssMetrics&)) -> std::optional<double> {
    const auto metrics = parse_metrics(vector.substr(prefix.size()));
    if (!metrics || !are_known(*metrics, known)) return {};
    return score(*metrics);
  };
  for (const std::string_view prefix : {"CVSS:3.1/", "CVSS:3.0/"}) {
    if (vector.starts_with(prefix)) return scored(prefix, kMetrics3, cvss3_score);
  }
  if (constexpr std::string_view kPrefix = "CVSS:4.0/"; vector.starts_with(kPrefix))
    return scored(kPrefix, kMetrics4, cvss4_score);
  if (vector.starts_with("CVSS:")) return {};
  if (vector.starts_with('(') && vector.ends_with(')')) vector = vector.substr(1, vector.size() - 2);
  return scored({}, kMetrics2, cvss2_score);
}

}  // namespace ociassemble
