// SPDX-License-Identifier: Apache-2.0
#include "report/systems.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "report/json_text.hpp"

namespace ociassemble {
namespace {

void print_system(JsonPrinter& json, const ImageSystem& system) {
  json.key("system").begin_object();
  json.member("name", system.name);
  json.member("id", system.id);
  json.member("versionId", system.version_id);
  json.member("libc", system.libc);
  json.member("libcVersion", system.libc_version);
  json.member("loaders", system.loaders);
  json.member("libraries", system.libraries);
  json.member("x86Level", std::uint64_t{system.x86_level});
  if (system.certificates) json.member("certificates", *system.certificates);
  json.member("timeZones", system.has_time_zones);
  json.member("shells", system.shells);
  json.member("users", system.users);
  json.end_object();
}

void print_package(JsonPrinter& json, const InstalledPackage& package) {
  json.begin_object();
  json.member("manager", package.manager);
  json.member("name", package.name);
  json.member("version", package.version);
  json.member("architecture", package.architecture);
  json.member("source", package.source_name);
  json.member("sourceVersion", package.source_version);
  if (!package.license.empty()) json.member("license", package.license);
  json.end_object();
}

}  // namespace

std::string list_packages(const ImageSystem& system) {
  std::string text;
  for (const auto& package : system.packages)
    text += terminal_text(fmt::format("{} {} {} {} {}", package.name, package.version, package.architecture,
                                      package.source_name, package.source_version)) +
            "\n";
  return text;
}

std::string system_json(const Image& image, const ImageSystem& system) {
  return json_object([&](JsonPrinter& json) {
    json.member("digest", image.digest().to_string());
    json.member("platform", image.config().platform.to_string());
    print_system(json, system);
    json.member("packageManagers", system.package_managers);
    json.key("packages").begin_array();
    for (const auto& package : system.packages) print_package(json, package);
    json.end_array();
    json.member("brokenRecords", system.broken_records);
  });
}

}  // namespace ociassemble
