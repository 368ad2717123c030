// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace ociassemble {

// A package that a package manager has installed. The texts are its database's own, without control characters.
struct Package {
  std::string name;
  std::string version;
  std::string architecture;
  std::string source_name;     // what it was built from: dpkg's source package, apk's origin
  std::string source_version;  // differs from `version` for dpkg's rebuilds and for sources that build several things
  std::string license;         // apk only
  bool is_installed = true;    // false: removed, and dpkg keeps its configuration
};

struct PackageList {
  std::vector<Package> packages;   // in the database's order
  std::size_t broken_records = 0;  // without a name or a version, or with control characters in them
};

}  // namespace ociassemble
