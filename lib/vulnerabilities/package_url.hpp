// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ociassemble {

// A package URL, taken apart and percent-decoded: "pkg:TYPE/NAME@VERSION?KEY=VALUE".
struct PackageUrl {
  std::string type;
  std::string name;  // namespace included: "debian/openssl"
  std::string version;
  std::map<std::string, std::string> qualifiers;

  // Nothing for what is no package URL.
  static std::optional<PackageUrl> parse(std::string_view text);

  // Whether this one, from somebody's statement, means `other`: what it leaves out fits everything. Versions of Go
  // modules are the same with and without "v".
  bool covers(const PackageUrl& other) const;
};

}  // namespace ociassemble
