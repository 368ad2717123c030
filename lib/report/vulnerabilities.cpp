// SPDX-License-Identifier: Apache-2.0
#include "report/vulnerabilities.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "report/counted.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLongestSummary = 110;
constexpr std::size_t kMostNames = 4;

// "a, b, c and 3 more".
std::string some_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMostNames; ++i) {
    text += (i == 0 ? "" : ", ") + terminal_text(names[i]);
  }
  if (names.size() > kMostNames) text += fmt::format(" and {} more", names.size() - kMostNames);
  return text;
}

std::string severity_text(const VulnerabilitySeverity& severity) {
  auto text = std::string(severity_name(severity.level));
  if (severity.level == SeverityLevel::unknown) text = "unknown severity";
  if (severity.score) text += fmt::format(" {:.1f}", *severity.score);
  return text;
}

void add_vulnerability(const FoundVulnerability& found, std::string& text) {
  text += fmt::format("  {}  {}", terminal_text(found.id), severity_text(found.severity));
  if (!found.aliases.empty()) text += "  (" + some_of(found.aliases) + ")";
  if (!found.fixed_version.empty()) text += "  fixed in " + terminal_text(found.fixed_version);
  text += '\n';
  if (!found.summary.empty()) text += "    " + short_text(found.summary, kLongestSummary) + "\n";
  if (!found.symbols.empty()) {
    text += "    linked: " + some_of(found.symbols) + "\n";
  } else if (found.reach == Reach::package) {
    text += "    its package is linked, no vulnerable function of it\n";
  } else if (found.reach == Reach::unknown && found.package.kind != VulnerablePackageKind::os_package) {
    text += "    which functions are linked is not known\n";
  }
  if (!found.unsure.empty()) text += "    unsure: " + terminal_text(found.unsure) + "\n";
  if (!found.note.empty()) text += "    the distribution says: " + terminal_text(found.note) + "\n";
  if (found.vex) {
    text += fmt::format("    {} by {} in {}", vex_status_name(found.vex->status),
                        found.vex->author.empty() ? "nobody named" : terminal_text(found.vex->author),
                        terminal_text(found.vex->document));
    if (!found.vex->justification.empty()) text += ": " + terminal_text(found.vex->justification);
    if (!found.vex->statement.empty()) text += ": \"" + short_text(found.vex->statement, 300) + "\"";
    text += '\n';
  }
}

std::string place_text(const VulnerablePackage& package) {
  if (package.kind == VulnerablePackageKind::os_package) return some_of(package.installed);
  auto text = "in " + some_of(package.programs);
  if (!package.replaced.empty()) text += ", in place of " + terminal_text(package.replaced);
  return text;
}

std::string capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

using FoundOnes = std::vector<const FoundVulnerability*>;

// Vulnerabilities of one package that one step removes, or that no step does.
struct VulnerabilityGroup {
  const VulnerablePackage* package = nullptr;
  bool has_fix = false;
  FoundOnes members;
  const FoundVulnerability* last_fix = nullptr;  // whose fix has those of all
};

std::vector<VulnerabilityGroup> groups_of(const FoundOnes& all) {
  std::vector<VulnerabilityGroup> groups;
  for (const auto* found : all) {
    const bool has_fix = !found->fixed_version.empty();
    const auto& package = found->package;
    const auto known = std::find_if(groups.begin(), groups.end(), [&](const VulnerabilityGroup& group) {
      return group.has_fix == has_fix && group.package->name == package.name &&
             group.package->version == package.version && group.package->ecosystem == package.ecosystem &&
             group.package->replaced == package.replaced;
    });
    if (known == groups.end()) {
      groups.push_back({&package, has_fix, {found}, found});
      continue;
    }
    known->members.push_back(found);
    if (is_later_fix(*found, *known->last_fix)) known->last_fix = found;
  }
  return groups;
}

// The group with the most severe one first.
void add_groups(const FoundOnes& all, std::string& text) {
  for (const auto& group : groups_of(all)) {
    text += fmt::format("\n{}: {} ({})\n", capitalized(remedy_of(*group.last_fix)), package_text(*group.package),
                        place_text(*group.package));
    for (const auto* found : group.members) add_vulnerability(*found, text);
  }
}

std::string counts_text(const std::vector<const FoundVulnerability*>& all) {
  std::string text;
  constexpr std::array<SeverityLevel, 6> kOrder{SeverityLevel::critical, SeverityLevel::high, SeverityLevel::medium,
                                                SeverityLevel::low,      SeverityLevel::none, SeverityLevel::unknown};
  for (const auto level : kOrder) {
    const auto count =
        std::count_if(all.begin(), all.end(), [&](const auto* found) { return found->severity.level == level; });
    if (count == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, severity_name(level));
  }
  return text.empty() ? text : " (" + text + ")";
}

std::string subject_line(const VulnerabilityScan& scan) {
  const auto& report = scan.report;
  auto text = terminal_text(scan.image) + ": ";
  if (!report.system.empty()) text += terminal_text(report.system) + ", ";
  return text + fmt::format("{}, {}, {}\n", counted(report.os_packages, "OS package"),
                            counted(report.programs, "Go program"), counted(report.modules, "module"));
}

void add_databases(const VulnerabilityReport& report, std::string& text) {
  for (const auto& database : report.databases) {
    text += fmt::format("database {}: {}, {}", terminal_text(database.path),
                        database.advisories == 1 ? "1 entry" : fmt::format("{} entries", database.advisories),
                        some_of(database.ecosystems));
    if (!database.modified.empty()) text += ", newest change " + terminal_text(database.modified);
    if (!database.fetched.empty()) text += ", fetched " + terminal_text(database.fetched);
    text += '\n';
  }
}

}  // namespace

std::string describe_vulnerabilities(const VulnerabilityScan& scan) {
  std::vector<const FoundVulnerability*> counted_ones;
  std::vector<const FoundVulnerability*> excused;
  std::vector<const FoundVulnerability*> others;
  for (const auto& found : scan.report.found) {
    (counts(found, scan.gate) ? counted_ones : found.is_excused() ? excused : others).push_back(&found);
  }
  auto text = subject_line(scan);
  add_databases(scan.report, text);
  if (counted_ones.empty()) {
    text += scan.report.not_judged.empty() ? "no vulnerability that counts is known\n"
                                           : "no vulnerability that counts is known in what could be judged\n";
  } else {
    text += fmt::format("{} {}{}\n", counted_ones.size(),
                        counted_ones.size() == 1 ? "vulnerability" : "vulnerabilities", counts_text(counted_ones));
  }
  add_groups(counted_ones, text);
  if (!others.empty()) {
    text += fmt::format("\nNot counted, by severity, fix or reach{}\n", counts_text(others));
    for (const auto* found : others) {
      text += fmt::format("  {}  {}  {}{}\n", terminal_text(found->id), severity_text(found->severity),
                          package_text(found->package),
                          found->reach == Reach::module ? ": no vulnerable package is linked" : "");
    }
  }
  if (!excused.empty()) {
    text += "\nExcused by statements\n";
    for (const auto* found : excused) add_vulnerability(*found, text);
  }
  if (!scan.report.not_judged.empty()) text += "\nNot judged\n";
  for (const auto& one : scan.report.not_judged) {
    text += fmt::format("  {}: {}{}\n", terminal_text(one.what), terminal_text(one.why),
                        one.remedy.empty() ? "" : "; " + terminal_text(one.remedy));
  }
  for (const auto& note : scan.report.notes) text += "note: " + terminal_text(note) + "\n";
  return text;
}

}  // namespace ociassemble
