// SPDX-License-Identifier: Apache-2.0
#include "inspect/apk_database.hpp"

#include <optional>
#include <utility>

#include "inspect/package_records.hpp"

namespace ociassemble {
namespace {

void take_apk_field(Package& package, char key, std::string_view value) {
  if (key == 'P') package.name = value;
  if (key == 'V') package.version = value;
  if (key == 'A') package.architecture = value;
  if (key == 'o') package.source_name = value;
  if (key == 'L') package.license = value;
}

bool finish_apk_record(PackageList& list, std::optional<Package>& package) {
  if (!package) return true;
  if (package->source_name.empty()) package->source_name = package->name;
  package->source_version = package->version;
  return add_record(list, std::move(*std::exchange(package, {})));
}

}  // namespace

PackageList parse_apk_database(std::string_view text) {
  PackageList list;
  std::optional<Package> package;
  while (!text.empty()) {
    const auto line = take_line(text);
    if (line.empty()) {
      if (!finish_apk_record(list, package)) return list;
      continue;
    }
    if (!package) package.emplace();
    if (line.size() >= 2 && line[1] == ':') take_apk_field(*package, line[0], line.substr(2));
  }
  finish_apk_record(list, package);
  return list;
}

}  // namespace ociassemble
