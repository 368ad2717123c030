// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "vulnerabilities/range_check.hpp"

using namespace ociassemble;

namespace {

using Kind = RangeEvent::Kind;

AffectedPackage with_events(std::vector<RangeEvent> events) {
  AffectedPackage affected;
  affected.ranges.push_back({std::move(events)});
  return affected;
}

RangeVerdict go(const AffectedPackage& affected, const std::string& version) {
  return check_version(affected, VersionOrder::go, version);
}

}  // namespace

TEST_CASE("introduced is in, fixed is out, last_affected is in") {
  const auto fixed = with_events({{Kind::introduced, "1.2.0"}, {Kind::fixed, "1.3.0"}});
  CHECK_FALSE(go(fixed, "v1.1.9").is_affected);
  CHECK(go(fixed, "v1.2.0").is_affected);
  CHECK(go(fixed, "v1.2.9").fixed_version == "1.3.0");
  CHECK_FALSE(go(fixed, "v1.3.0").is_affected);
  const auto last = with_events({{Kind::introduced, "0"}, {Kind::last_affected, "1.3.0"}});
  CHECK(go(last, "v1.3.0").is_affected);
  CHECK_FALSE(go(last, "v1.3.1").is_affected);
  CHECK(go(last, "v1.3.0").fixed_version.empty());
}

TEST_CASE("events are sorted by version before they count") {
  const auto mixed = with_events(
      {{Kind::fixed, "1.27.4"}, {Kind::introduced, "1.27.0-0"}, {Kind::fixed, "1.26.9"}, {Kind::introduced, "0"}});
  CHECK(go(mixed, "1.26.8").fixed_version == "1.26.9");
  CHECK_FALSE(go(mixed, "1.26.9").is_affected);
  CHECK(go(mixed, "1.27.3").fixed_version == "1.27.4");
  CHECK(go(mixed, "1.27.0-rc.1").is_affected);
  CHECK_FALSE(go(mixed, "1.27.4").is_affected);
}

TEST_CASE("a version beyond every limit is out") {
  const auto limited = with_events({{Kind::introduced, "0"}, {Kind::limit, "2.0.0"}});
  CHECK(go(limited, "v1.9.9").is_affected);
  CHECK_FALSE(go(limited, "v2.0.0").is_affected);
}

TEST_CASE("versions that are listed are affected, whatever the ranges say") {
  auto affected = with_events({{Kind::introduced, "2.0.0"}});
  affected.versions = {"2.38.1-5", "1.0.0"};
  CHECK(check_version(affected, VersionOrder::dpkg, "2.38.1-5").is_affected);
  CHECK(go(affected, "v1.0.0").is_affected);
  CHECK_FALSE(go(affected, "v1.0.1").is_affected);
}

TEST_CASE("dpkg takes a listed version without its epoch of 0 for the same") {
  AffectedPackage affected;
  affected.versions = {"0:1.0-1"};
  CHECK(check_version(affected, VersionOrder::dpkg, "1.0-1").is_affected);
  CHECK_FALSE(check_version(affected, VersionOrder::dpkg, "1.0-2").is_affected);
}

TEST_CASE("a range that ends in what is no version does not end") {
  for (const auto kind : {Kind::fixed, Kind::last_affected, Kind::limit}) {
    const auto verdict = go(with_events({{Kind::introduced, "0"}, {kind, "banana"}}), "v1.0.0");
    CHECK(verdict.is_affected);
    CHECK(verdict.unsure == "the database ends a range in what is no version");
  }
  CHECK(go(with_events({{Kind::introduced, "0"}, {Kind::limit, "*"}}), "v1.0.0").unsure.empty());
  const auto junk = with_events({{Kind::introduced, "0"}, {Kind::fixed, "banana"}});
  CHECK(check_version(junk, VersionOrder::apk, "1.0-r0").is_affected);
  CHECK(check_version(junk, VersionOrder::dpkg, "1.0-1").is_affected);
  const auto epoch = with_events({{Kind::introduced, "0"}, {Kind::fixed, "1:1.0"}});
  CHECK_FALSE(check_version(epoch, VersionOrder::dpkg, "1:1.0-1").is_affected);
  CHECK_FALSE(go(with_events({{Kind::introduced, "2.0.0"}, {Kind::fixed, "banana"}}), "v1.0.0").is_affected);
}

TEST_CASE("an entry without ranges and versions is about all versions") { CHECK(go({}, "v1.0.0").is_affected); }

TEST_CASE("a rebuild has the version of its source") {
  const auto affected = with_events({{Kind::introduced, "0"}, {Kind::fixed, "5.2.15-2+deb12u1"}});
  CHECK(check_version(affected, VersionOrder::dpkg, "5.2.15-2").is_affected);
  CHECK_FALSE(check_version(affected, VersionOrder::dpkg, "5.2.15-2+deb12u1").is_affected);
}

TEST_CASE("a pseudo-version and the fix of a tag cannot be compared") {
  const auto tagged = with_events({{Kind::introduced, "0"}, {Kind::fixed, "1.3.0"}});
  const auto verdict = go(tagged, "v1.2.4-0.20240601000000-0123456789ab");
  CHECK(verdict.is_affected);
  CHECK(verdict.unsure.find("is a commit") != std::string::npos);
  CHECK_FALSE(go(tagged, "v1.3.1-0.20240601000000-0123456789ab").is_affected);
  CHECK(go(tagged, "v1.2.3").unsure.empty());
  const auto late = with_events({{Kind::introduced, "1.2.0"}, {Kind::fixed, "1.3.0"}});
  CHECK(go(late, "v0.0.0-20240601000000-0123456789ab").unsure.find("without a tag") != std::string::npos);
  CHECK_FALSE(go(late, "v1.1.1-0.20240601000000-0123456789ab").is_affected);
}

TEST_CASE("pseudo-versions of one base are in the order of their times") {
  const auto affected = with_events({{Kind::introduced, "0"}, {Kind::fixed, "0.0.0-20240601000000-aaaaaaaaaaaa"}});
  const auto before = go(affected, "v0.0.0-20240501000000-0123456789ab");
  CHECK(before.is_affected);
  CHECK(before.unsure.empty());
  CHECK_FALSE(go(affected, "v0.0.0-20240701000000-0123456789ab").is_affected);
}

TEST_CASE("ranges in other versions than the module's make \"all versions\" a guess") {
  auto affected = with_events({{Kind::introduced, "0"}});
  affected.custom_ranges.push_back({{{Kind::introduced, "2.0.0"}, {Kind::fixed, "2.5.0"}}});
  CHECK(go(affected, "v2.1.0").unsure.empty());
  CHECK(go(affected, "v2.1.0").fixed_version == "2.5.0");
  const auto outside = go(affected, "v2.5.0+incompatible");
  CHECK(outside.is_affected);
  CHECK_FALSE(outside.unsure.empty());
}

TEST_CASE("of an unknown version only \"all versions\" is sure") {
  CHECK(check_unknown_version(with_events({{Kind::introduced, "0"}})).unsure.empty());
  const auto some = check_unknown_version(with_events({{Kind::introduced, "0"}, {Kind::fixed, "1.3.0"}}));
  CHECK(some.is_affected);
  CHECK(some.unsure == "its version is not known");
}
