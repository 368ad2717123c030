// SPDX-License-Identifier: Apache-2.0
#include "vulnerabilities/joined_hits.hpp"

#include <map>
#include <numeric>
#include <utility>

#include "vulnerabilities/ecosystems.hpp"
#include "vulnerabilities/severity.hpp"
#include "vulnerabilities/version_order.hpp"

namespace ociassemble {
namespace {

// An advisory of a distribution about one upstream vulnerability is that: "DEBIAN-CVE-2024-1" of "CVE-2024-1".
bool is_the_same(const std::string& id, const std::string& upstream) {
  return id.size() > upstream.size() && id.ends_with(upstream) && id[id.size() - upstream.size() - 1] == '-';
}

std::vector<std::string> names_of(const Advisory& advisory) {
  std::vector<std::string> names{advisory.id};
  for (const auto& alias : advisory.aliases) add_unique(names, alias);
  for (const auto& upstream : advisory.upstream) {
    if (is_the_same(advisory.id, upstream)) add_unique(names, upstream);
  }
  return names;
}

// Numbers of elements that belong together, by what they have in common.
class UnionOf {
 public:
  explicit UnionOf(std::size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }
  std::size_t find(std::size_t one) {
    while (parent_[one] != one) one = parent_[one] = parent_[parent_[one]];
    return one;
  }
  void join(std::size_t a, std::size_t b) { parent_[std::max(find(a), find(b))] = std::min(find(a), find(b)); }

 private:
  std::vector<std::size_t> parent_;
};

// Which name of a vulnerability is shown: Go's own for Go, the CVE for packages of a distribution.
int rank_of(const std::string& id, VulnerablePackageKind kind) {
  const bool is_go = kind != VulnerablePackageKind::os_package;
  if (is_go && id.starts_with("GO-")) return 0;
  if (id.starts_with("CVE-")) return 1;
  return id.starts_with("GHSA-") ? 2 : 3;
}

bool is_deferred(const std::string& note) { return note == "postponed" || note == "ignored"; }

// A bulletin ("DSA-5000-1") whose vulnerabilities are all here themselves.
bool is_summary_of_others(const Hit& hit, const std::map<std::string, std::size_t>& seen) {
  const auto& upstream = hit.advisory.upstream;
  const bool is_bulletin = std::none_of(upstream.begin(), upstream.end(),
                                        [&](const std::string& one) { return is_the_same(hit.advisory.id, one); });
  return is_bulletin && !upstream.empty() &&
         std::all_of(upstream.begin(), upstream.end(), [&](const std::string& one) { return seen.contains(one); });
}

void raise(VulnerabilitySeverity& severity, VulnerabilitySeverity&& other) {
  if (other.level > severity.level) severity = std::move(other);
}

// The package's own severity, else the advisory's, else that of another advisory of the same vulnerability.
VulnerabilitySeverity severity_of(const std::vector<const Hit*>& members, const std::vector<std::string>& names,
                                  const std::vector<Database>& databases) {
  VulnerabilitySeverity severity;
  for (const auto* hit : members) {
    raise(severity, judge_severity(hit->affected.vectors, hit->affected.severity, hit->advisory.id));
  }
  if (severity.level != SeverityLevel::unknown) return severity;
  for (const auto* hit : members) {
    raise(severity, judge_severity(hit->advisory.vectors, hit->advisory.severity, hit->advisory.id));
  }
  if (severity.level != SeverityLevel::unknown) return severity;
  for (const auto& database : databases) {
    std::vector<std::string> ids = names;
    for (const auto& name : names) {
      for (const auto& id : database.index.advisories_of_alias(name)) add_unique(ids, id);
    }
    for (const auto& id : ids) {
      const auto advisory = database.index.find_advisory(id);
      if (advisory && advisory->withdrawn.empty()) {
        raise(severity, judge_severity(advisory->vectors, advisory->severity, advisory->id));
      }
    }
  }
  return severity;
}

FoundVulnerability finding_of(const Candidate& candidate, const std::vector<const Hit*>& members,
                              const JoinContext& context) {
  FoundVulnerability found;
  found.package = candidate.package;
  std::vector<std::string> names;
  const auto order = order_of(candidate.package.ecosystem);
  bool is_sure = false;
  bool is_first = true;
  for (const auto* hit : members) {
    for (const auto& name : names_of(hit->advisory)) add_unique(names, name);
    add_unique(found.databases, hit->database->path.string());
    if (found.summary.empty()) found.summary = hit->advisory.summary;
    if (found.url.empty()) found.url = hit->advisory.url;
    if (hit->reach > found.reach) found.reach = hit->reach;
    for (const auto& symbol : hit->symbols) add_unique(found.symbols, symbol);
    is_sure = is_sure || hit->verdict.unsure.empty();
    if (found.unsure.empty()) found.unsure = hit->verdict.unsure;
    const auto& fix = hit->verdict.fixed_version;
    // Where databases disagree, the later fix has what both want.
    if (is_first || (!fix.empty() && std::is_gt(compare_versions(order, fix, found.fixed_version))))
      found.fixed_version = fix;
    if (is_deferred(hit->affected.note)) found.note = hit->affected.note;
    is_first = false;
  }
  if (is_sure) found.unsure.clear();
  std::sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    return std::make_pair(rank_of(a, found.package.kind), std::cref(a)) <
           std::make_pair(rank_of(b, found.package.kind), std::cref(b));
  });
  found.id = names.front();
  found.aliases.assign(names.begin() + 1, names.end());
  std::sort(found.aliases.begin(), found.aliases.end());
  found.severity = severity_of(members, names, context.databases);
  const VexSubject subject{context.image_urls, context.image_names, candidate.urls, candidate.parts,
                           candidate.programs};
  if (const auto* statement = context.statements.find(names, subject)) found.vex = *statement;
  return found;
}

}  // namespace

void append_found(const Candidate& candidate, const JoinContext& context, std::vector<FoundVulnerability>& found) {
  const auto& hits = candidate.hits;
  UnionOf groups(hits.size());
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    for (const auto& name : names_of(hits[i].advisory)) {
      const auto [place, is_new] = seen.emplace(name, i);
      if (!is_new) groups.join(place->second, i);
    }
  }
  std::map<std::size_t, std::vector<const Hit*>> by_group;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    if (!is_summary_of_others(hits[i], seen)) by_group[groups.find(i)].push_back(&hits[i]);
  }
  for (const auto& [group, members] : by_group) found.push_back(finding_of(candidate, members, context));
}

}  // namespace ociassemble
