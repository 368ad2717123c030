// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "inspect/os_release.hpp"

namespace ociassemble {

inline constexpr std::string_view kGoEcosystem = "Go";

// OSV's name of a Debian release: "bookworm" -> "Debian:12"; of a codename that has no number yet "Debian:forky".
std::string debian_ecosystem(std::string_view codename);
// "v3.20" -> "Alpine:v3.20", "edge" and "edge-main" -> "Alpine:edge".
std::string alpine_ecosystem(std::string_view version);
// The ecosystem of a system's packages: "Debian:12", "Alpine:v3.20", "Ubuntu:22.04:LTS", "Wolfi"; empty for another.
std::string ecosystem_of(const OsRelease& system);

// How versions of an ecosystem are compared.
enum class VersionOrder { go, dpkg, apk };
VersionOrder order_of(std::string_view ecosystem);
std::weak_ordering compare_versions(VersionOrder order, std::string_view a, std::string_view b);

}  // namespace ociassemble
