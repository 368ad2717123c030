// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "vulnerabilities/cvss.hpp"
#include "vulnerabilities/cvss4_scores.hpp"

// CVSS 4.0, section 8: a vector belongs to one of 270 macrovectors, whose score experts gave; within it, the further
// the vector is from the worst of its macrovector, the nearer its score comes to that of the next lower one.
namespace ociassemble {
namespace {

// The level of a value: 0 is the worst. Values of a metric in the order of the specification's tables.
int level_in(std::string_view order, char value) {
  const auto place = order.find(value);
  return place == std::string_view::npos ? 0 : static_cast<int>(place);
}

// A vector's values, with the environment's in place of the base's, and the defaults of what is not said.
struct Values {
  char av, ac, at, pr, ui, vc, vi, va, sc, si, sa, e, cr, ir, ar;

  explicit Values(const CvssMetrics& metrics)
      : av(effective(metrics, "AV")),
        ac(effective(metrics, "AC")),
        at(effective(metrics, "AT")),
        pr(effective(metrics, "PR")),
        ui(effective(metrics, "UI")),
        vc(effective(metrics, "VC")),
        vi(effective(metrics, "VI")),
        va(effective(metrics, "VA")),
        sc(effective(metrics, "SC")),
        si(effective(metrics, "SI")),
        sa(effective(metrics, "SA")),
        e(defined(metrics, "E", 'A')),
        cr(defined(metrics, "CR", 'H')),
        ir(defined(metrics, "IR", 'H')),
        ar(defined(metrics, "AR", 'H')) {}

 private:
  static char defined(const CvssMetrics& metrics, std::string_view name, char otherwise) {
    const auto found = metrics.find(name);
    return found == metrics.end() || found->second == "X" ? otherwise : found->second.front();
  }
  static char effective(const CvssMetrics& metrics, std::string_view name) {
    const auto modified = "M" + std::string(name);
    return defined(metrics, modified, metrics.at(name).front());
  }
};

struct Macrovector {
  int eq1, eq2, eq3, eq4, eq5, eq6;
};

Macrovector macrovector_of(const Values& v) {
  Macrovector of{};
  const bool is_easy = v.av == 'N' && v.pr == 'N' && v.ui == 'N';
  const bool is_partly_easy = (v.av == 'N' || v.pr == 'N' || v.ui == 'N') && v.av != 'P';
  of.eq1 = is_easy ? 0 : is_partly_easy ? 1 : 2;
  of.eq2 = v.ac == 'L' && v.at == 'N' ? 0 : 1;
  const bool has_high = v.vc == 'H' || v.vi == 'H' || v.va == 'H';
  of.eq3 = v.vc == 'H' && v.vi == 'H' ? 0 : has_high ? 1 : 2;
  const bool is_unsafe = v.si == 'S' || v.sa == 'S';
  of.eq4 = is_unsafe ? 0 : v.sc == 'H' || v.si == 'H' || v.sa == 'H' ? 1 : 2;
  of.eq5 = v.e == 'A' ? 0 : v.e == 'P' ? 1 : 2;
  const bool is_required = (v.cr == 'H' && v.vc == 'H') || (v.ir == 'H' && v.vi == 'H') || (v.ar == 'H' && v.va == 'H');
  of.eq6 = is_required ? 0 : 1;
  return of;
}

// Nothing where there is no such macrovector. In tenths.
std::optional<int> score_of(const Macrovector& of) {
  constexpr std::array<std::array<int, 2>, 3> kRows{{{0, 1}, {2, 3}, {-1, 4}}};
  if (of.eq1 > 2 || of.eq2 > 1 || of.eq3 > 2 || of.eq4 > 2 || of.eq5 > 2 || of.eq6 > 1) return {};
  const int pair = kRows[static_cast<std::size_t>(of.eq3)][static_cast<std::size_t>(of.eq6)];
  if (pair < 0) return {};
  const int row = (of.eq1 * 2 + of.eq2) * 5 + pair;
  const int column = of.eq4 * 3 + of.eq5;
  return kMacrovectorScores.at(static_cast<unsigned>(row)).at(static_cast<unsigned>(column));
}

// How far the values are from a worst vector; nothing where one of them is worse than that.
struct Distance {
  int total = 0;
  bool is_above = false;

  void add(std::string_view order, char value, char worst) {
    const int steps = level_in(order, value) - level_in(order, worst);
    is_above = is_above || steps < 0;
    total += steps;
  }
};

constexpr std::string_view kAv = "NALP";
constexpr std::string_view kPr = "NLH";
constexpr std::string_view kUi = "NPA";
constexpr std::string_view kAc = "LH";
constexpr std::string_view kAt = "NP";
constexpr std::string_view kImpact = "HLN";
constexpr std::string_view kUnsafeImpact = "SHLN";
constexpr std::string_view kRequirement = "HML";

// The smallest distance to one of the worst vectors of a level. Each text has a letter for each metric.
template <std::size_t Size>
int distance(const std::array<std::string_view, Size>& orders, const std::array<char, Size>& values,
             const std::vector<std::string_view>& worst) {
  int least = std::numeric_limits<int>::max();
  for (const auto letters : worst) {
    Distance from;
    for (std::size_t i = 0; i < Size; ++i) from.add(orders[i], values[i], letters[i]);
    if (!from.is_above) least = std::min(least, from.total);
  }
  return least == std::numeric_limits<int>::max() ? 0 : least;
}

int distance1(const Values& v, int level) {
  static const std::array<std::vector<std::string_view>, 3> kWorst{{{"NNN"}, {"ANN", "NLN", "NNP"}, {"PNN", "ALP"}}};
  return distance<3>({kAv, kPr, kUi}, {v.av, v.pr, v.ui}, kWorst[static_cast<std::size_t>(level)]);
}

int distance2(const Values& v, int level) {
  static const std::array<std::vector<std::string_view>, 2> kWorst{{{"LN"}, {"LP", "HN"}}};
  return distance<2>({kAc, kAt}, {v.ac, v.at}, kWorst[static_cast<std::size_t>(level)]);
}

int distance36(const Values& v, int eq3, int eq6) {
  static const std::array<std::array<std::vector<std::string_view>, 2>, 3> kWorst{
      {{{{"HHHHHH"}, {"HHLMMH", "HHHMMM"}}},
       {{{"LHHHHH", "HLHHHH"}, {"LHLHMH", "LHHHMM", "HLHMHM", "HLLMHH", "LLHHHM"}}},
       {{{}, {"LLLHHH"}}}}};
  return distance<6>({kImpact, kImpact, kImpact, kRequirement, kRequirement, kRequirement},
                     {v.vc, v.vi, v.va, v.cr, v.ir, v.ar},
                     kWorst[static_cast<std::size_t>(eq3)][static_cast<std::size_t>(eq6)]);
}

int distance4(const Values& v, int level) {
  static const std::array<std::vector<std::string_view>, 3> kWorst{{{"HSS"}, {"HHH"}, {"LLL"}}};
  return distance<3>({kImpact, kUnsafeImpact, kUnsafeImpact}, {v.sc, v.si, v.sa},
                     kWorst[static_cast<std::size_t>(level)]);
}

// How many steps a level has, less its worst vector (specification, section 8.2).
constexpr std::array<int, 3> kDepth1{1, 4, 5};
constexpr std::array<int, 2> kDepth2{1, 2};
constexpr std::array<int, 3> kDepth4{6, 5, 4};
constexpr std::array<std::array<int, 2>, 3> kDepth36{{{7, 6}, {8, 8}, {0, 10}}};

}  // namespace

double cvss4_score(const CvssMetrics& metrics) {
  const Values v(metrics);
  const auto is_none = [](char c) { return c == 'N'; };
  if (is_none(v.vc) && is_none(v.vi) && is_none(v.va) && is_none(v.sc) && is_none(v.si) && is_none(v.sa)) return 0;
  const auto of = macrovector_of(v);
  const auto own = score_of(of);
  if (!own) return 0;
  const auto next = [&](int Macrovector::*member) {
    auto lower = of;
    ++(lower.*member);
    return score_of(lower);
  };
  // EQ3 and EQ6 go down together: by the one that has a lower level, the higher score of both where both have.
  std::optional<int> next36;
  if (of.eq3 == 0 && of.eq6 == 0) {
    next36 = std::max(next(&Macrovector::eq3), next(&Macrovector::eq6));
  } else if (of.eq3 < 2) {
    next36 = next(of.eq6 == 1 ? &Macrovector::eq3 : &Macrovector::eq6);
  }
  double total = 0;
  int lower_ones = 0;
  const auto take = [&](const std::optional<int>& lower, int steps, int depth) {
    if (!lower) return;
    ++lower_ones;
    if (depth > 0) total += static_cast<double>(*own - *lower) / 10 * steps / depth;
  };
  take(next(&Macrovector::eq1), distance1(v, of.eq1), kDepth1[static_cast<std::size_t>(of.eq1)]);
  take(next(&Macrovector::eq2), distance2(v, of.eq2), kDepth2[static_cast<std::size_t>(of.eq2)]);
  take(next36, distance36(v, of.eq3, of.eq6),
       kDepth36[static_cast<std::size_t>(of.eq3)][static_cast<std::size_t>(of.eq6)]);
  take(next(&Macrovector::eq4), distance4(v, of.eq4), kDepth4[static_cast<std::size_t>(of.eq4)]);
  // A level of EQ5 has one value only.
  take(next(&Macrovector::eq5), 0, 1);
  const double score = static_cast<double>(*own) / 10 - (lower_ones == 0 ? 0 : total / lower_ones);
  constexpr double kTiny = 1e-6;  // so that 8.45 is not 8.4499999
  return std::round((std::clamp(score, 0.0, 10.0) + kTiny) * 10) / 10;
}

}  // namespace ociassemble
