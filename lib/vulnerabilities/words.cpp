// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "base/text.hpp"
#include "ociassemble/vulnerabilities.hpp"

namespace ociassemble {

std::string package_text(const VulnerablePackage& package) {
  const auto version = package.version.empty() ? std::string("of unknown version") : terminal_text(package.version);
  if (package.kind == VulnerablePackageKind::go_standard_library) return "Go " + version;
  return terminal_text(package.name) + " " + version;
}

std::string remedy_of(const FoundVulnerability& found) {
  const auto fix = terminal_text(found.fixed_version);
  if (fix.empty()) return "no fix is known";
  switch (found.package.kind) {
    case VulnerablePackageKind::go_standard_library:
      return "build with Go " + fix + " or later";
    case VulnerablePackageKind::go_module:
      return "update module " + terminal_text(found.package.name) + " to " + (fix.starts_with('v') ? "" : "v") + fix;
    case VulnerablePackageKind::os_package:
      return "update the base to one with " + terminal_text(found.package.name) + " " + fix;
  }
  return {};
}

}  // namespace ociassemble
