// SPDX-License-Identifier: Apache-2.0
#include "vulnerabilities/range_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "vulnerabilities/digits.hpp"
#include "vulnerabilities/version_order.hpp"

namespace ociassemble {
namespace {

using Kind = RangeEvent::Kind;

constexpr std::string_view kBeforeAll = "0";

// "0" is before all versions, as the schema says.
std::weak_ordering compare_events(VersionOrder order, const RangeEvent& a, const RangeEvent& b) {
  const bool a_first = a.kind == Kind::introduced && a.version == kBeforeAll;
  const bool b_first = b.kind == Kind::introduced && b.version == kBeforeAll;
  if (a_first || b_first) return b_first <=> a_first;
  return compare_versions(order, a.version, b.version);
}

struct RangeState {
  bool is_in = false;
  std::string next_fix;    // the first fix after the version
  bool tag_after = false;  // a version of a tag begins a range after the version
  bool bad_end = false;    // the range ends in what is no version
};

bool is_tag(const std::string& version) { return !parse_pseudo_version(version); }

// An end that is no version, which would be below all of them, ends nothing.
bool is_no_end(VersionOrder order, const RangeEvent& event) {
  if (event.kind == Kind::introduced || event.version == "*") return false;
  if (order == VersionOrder::go) return !is_go_version(event.version);
  // Both begin with a digit; dpkg's has an epoch before it.
  auto version = std::string_view(event.version);
  if (const auto colon = version.find(':'); order == VersionOrder::dpkg && colon != std::string_view::npos)
    version.remove_prefix(colon + 1);
  return version.empty() || !is_digit(version.front());
}

RangeState look_in(const VersionRange& range, VersionOrder order, std::string_view version) {
  RangeState state;
  auto events = range.events;
  state.bad_end = std::erase_if(events, [order](const RangeEvent& event) { return is_no_end(order, event); }) != 0;
  std::stable_sort(events.begin(), events.end(), [order](const RangeEvent& a, const RangeEvent& b) {
    return std::is_lt(compare_events(order, a, b));
  });
  bool has_limit = false;
  bool is_below_limit = false;
  for (const auto& event : events) {
    const bool is_all = event.kind == Kind::introduced && event.version == kBeforeAll;
    const auto place = is_all ? std::weak_ordering::greater : compare_versions(order, version, event.version);
    switch (event.kind) {
      case Kind::introduced:
        if (std::is_gteq(place)) state.is_in = true;
        if (std::is_lt(place)) state.tag_after = state.tag_after || is_tag(event.version);
        break;
      case Kind::fixed:
        if (std::is_gteq(place)) state.is_in = false;
        if (std::is_lt(place) && state.next_fix.empty()) state.next_fix = event.version;
        break;
      case Kind::last_affected:
        if (std::is_gt(place)) state.is_in = false;
        break;
      case Kind::limit:
        has_limit = true;
        is_below_limit = is_below_limit || event.version == "*" || std::is_lt(place);
        break;
    }
  }
  if (has_limit && !is_below_limit) state.is_in = false;
  if (range.events.empty()) state.is_in = true;
  return state;
}

// Of all ranges: in any; the fix that comes first.
RangeState look_in(const std::vector<VersionRange>& ranges, VersionOrder order, std::string_view version) {
  RangeState all;
  for (const auto& range : ranges) {
    const auto one = look_in(range, order, version);
    all.tag_after = all.tag_after || one.tag_after;
    all.bad_end = all.bad_end || (one.is_in && one.bad_end);
    if (!one.is_in) continue;
    const bool is_nearer = !one.next_fix.empty() &&
                           (all.next_fix.empty() || std::is_lt(compare_versions(order, one.next_fix, all.next_fix)));
    if (is_nearer || !all.is_in) all.next_fix = one.next_fix;
    all.is_in = true;
  }
  return all;
}

void doubt_pseudo_version(RangeVerdict& verdict, const RangeState& state, std::string_view version) {
  const auto pseudo = parse_pseudo_version(version);
  if (!pseudo) return;
  if (verdict.is_affected) {
    if (verdict.fixed_version.empty()) return;
    const auto fix = parse_pseudo_version(verdict.fixed_version);
    // Commits of one base are in the order of their times.
    const auto with_v = [](const std::string& base) { return base.starts_with('v') ? base.substr(1) : base; };
    if (fix && with_v(fix->base) == with_v(pseudo->base)) return;
    verdict.unsure = fmt::format("{} is a commit: whether it has the fix of {} does not follow from the version",
                                 printable(version), printable(verdict.fixed_version));
  } else if (!pseudo->has_base && state.tag_after) {
    verdict.is_affected = true;
    verdict.unsure = fmt::format(
        "{} is a commit without a tag before it: whether it comes after the vulnerable code does not follow from the "
        "version",
        printable(version));
  }
}

// Ranges in versions of a product, where those of the module say "all": golang/vulndb's custom_ranges.
void doubt_custom_ranges(RangeVerdict& verdict, const AffectedPackage& affected, std::string_view version) {
  if (!verdict.is_affected || affected.custom_ranges.empty()) return;
  const auto custom = look_in(affected.custom_ranges, VersionOrder::go, version);
  if (custom.is_in) {
    if (verdict.fixed_version.empty()) verdict.fixed_version = custom.next_fix;
    if (parse_pseudo_version(version)) doubt_pseudo_version(verdict, custom, version);
    return;
  }
  verdict.unsure = fmt::format(
      "the database says \"all versions\" of the module, and other versions of the product, which {} is not among",
      printable(version));
}

}  // namespace

RangeVerdict check_version(const AffectedPackage& affected, VersionOrder order, std::string_view version) {
  RangeVerdict verdict;
  const auto state = look_in(affected.ranges, order, version);
  const bool is_listed = std::any_of(affected.versions.begin(), affected.versions.end(), [&](const std::string& one) {
    // dpkg takes "0:1.0" for "1.0".
    const bool is_comparable = order == VersionOrder::dpkg || (order == VersionOrder::go && is_go_version(one));
    return one == version || (is_comparable && std::is_eq(compare_versions(order, one, version)));
  });
  const bool says_nothing = affected.ranges.empty() && affected.versions.empty();
  verdict.is_affected = state.is_in || is_listed || says_nothing;
  if (verdict.is_affected) verdict.fixed_version = state.next_fix;
  if (verdict.is_affected && state.bad_end) verdict.unsure = "the database ends a range in what is no version";
  if (affected.has_commits_only) verdict.unsure = "the database gives commits, and no versions";
  if (order == VersionOrder::go && !is_listed) {
    doubt_pseudo_version(verdict, state, version);
    doubt_custom_ranges(verdict, affected, version);
  }
  return verdict;
}

RangeVerdict check_unknown_version(const AffectedPackage& affected) {
  RangeVerdict verdict{.is_affected = true};
  const bool is_all = affected.versions.empty() && affected.custom_ranges.empty() && !affected.has_commits_only &&
                      std::all_of(affected.ranges.begin(), affected.ranges.end(), [](const VersionRange& range) {
                        return range.events.size() == 1 && range.events.front().kind == Kind::introduced &&
                               range.events.front().version == kBeforeAll;
                      });
  if (is_all) return verdict;
  verdict.unsure = "its version is not known";
  for (const auto& range : affected.ranges) {
    for (const auto& event : range.events) {
      if (event.kind == Kind::fixed) verdict.fixed_version = event.version;
    }
  }
  return verdict;
}

}  // namespace ociassemble
