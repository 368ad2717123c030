// SPDX-License-Identifier: Apache-2.0
#include "vulnerabilities/ecosystems.hpp"

#include <array>
#include <utility>

#include "ociassemble/vulnerabilities.hpp"
#include "vulnerabilities/digits.hpp"
#include "vulnerabilities/version_order.hpp"

namespace ociassemble {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kDebianReleases{{
    {"wheezy", "7"},
    {"jessie", "8"},
    {"stretch", "9"},
    {"buster", "10"},
    {"bullseye", "11"},
    {"bookworm", "12"},
    {"trixie", "13"},
    {"forky", "14"},
    {"duke", "15"},
    {"sid", "sid"},
}};

// "3.20.3" -> "3.20".
std::string_view first_two_numbers(std::string_view version) {
  const auto dot = version.find('.');
  if (dot == std::string_view::npos) return version;
  return version.substr(0, version.find('.', dot + 1));
}

// Ubuntu's releases of April in even years are supported for long, and OSV says so in their names.
bool is_long_term(std::string_view version) {
  if (version.size() != 5 || !version.ends_with(".04")) return false;
  return (version[1] - '0') % 2 == 0;
}

}  // namespace

std::string debian_ecosystem(std::string_view codename) {
  for (const auto& [name, number] : kDebianReleases) {
    if (name == codename) return "Debian:" + std::string(number);
  }
  return "Debian:" + std::string(codename);
}

std::string alpine_ecosystem(std::string_view version) {
  if (version.starts_with("edge")) return "Alpine:edge";
  return "Alpine:" + std::string(version);
}

std::string ecosystem_of(const OsRelease& system) {
  const std::string& version = system.version_id;
  if (system.id == "debian") {
    if (!version.empty()) return "Debian:" + version.substr(0, version.find('.'));
    return system.version_codename.empty() ? "Debian:sid" : debian_ecosystem(system.version_codename);
  }
  if (system.id == "alpine") {
    if (version.empty() || version.find("_alpha") != std::string::npos) return "Alpine:edge";
    return "Alpine:v" + std::string(first_two_numbers(version));
  }
  if (system.id == "ubuntu" && !version.empty()) {
    return "Ubuntu:" + version + (is_long_term(version) ? ":LTS" : "");
  }
  if (system.id == "wolfi") return "Wolfi";
  if (system.id == "chainguard") return "Chainguard";
  return {};
}

VersionOrder order_of(std::string_view ecosystem) {
  const auto name = ecosystem.substr(0, ecosystem.find(':'));
  if (name == "Debian" || name == "Ubuntu") return VersionOrder::dpkg;
  if (name == "Alpine" || name == "Wolfi" || name == "Chainguard") return VersionOrder::apk;
  return VersionOrder::go;
}

bool is_later_fix(const FoundVulnerability& found, const FoundVulnerability& than) {
  const auto order = order_of(found.package.ecosystem);
  return std::is_gt(compare_versions(order, found.fixed_version, than.fixed_version));
}

std::weak_ordering compare_versions(VersionOrder order, std::string_view a, std::string_view b) {
  switch (order) {
    case VersionOrder::go:
      return compare_go_versions(a, b);
    case VersionOrder::dpkg:
      return compare_dpkg_versions(a, b);
    case VersionOrder::apk:
      return compare_apk_versions(a, b);
  }
  return std::weak_ordering::equivalent;
}

}  // namespace ociassemble
