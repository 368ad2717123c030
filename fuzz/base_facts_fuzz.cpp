// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>

#include "bases/file_summaries.hpp"
#include "fuzz.hpp"
#include "inspect/apk_database.hpp"
#include "inspect/dpkg_database.hpp"
#include "inspect/loader_cache.hpp"
#include "inspect/os_release.hpp"

namespace {

using ociassemble::PackageList;
using ociassemble::fuzz::require;

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

void check_packages(const PackageList& list) {
  for (const auto& package : list.packages) {
    require(!package.name.empty() && !package.version.empty(), "a package has a name and a version");
    require(is_one_line(package.name) && is_one_line(package.version) && is_one_line(package.architecture) &&
                is_one_line(package.source_name) && is_one_line(package.source_version) && is_one_line(package.license),
            "a package can be shown");
  }
}

// What is read of a database comes back out of its summary.
void check_summary(std::string_view path, std::string_view text, const PackageList& list) {
  const auto again = ociassemble::decode_packages(ociassemble::summarise_file(path, text));
  require(again && again->packages.size() == list.packages.size() && again->broken_records == list.broken_records,
          "packages survive their summary");
  for (std::size_t i = 0; i < list.packages.size(); ++i)
    require(again->packages[i].name == list.packages[i].name && again->packages[i].license == list.packages[i].license,
            "a package survives its summary");
}

}  // namespace

// The same bytes for each reader of a base's files.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = ociassemble::fuzz::as_text(data, size);
  const auto apk = ociassemble::parse_apk_database(text);
  check_packages(apk);
  check_summary("lib/apk/db/installed", text, apk);
  const auto dpkg = ociassemble::parse_dpkg_status(text);
  check_packages(dpkg);
  check_summary("var/lib/dpkg/status", text, dpkg);
  ociassemble::decode_packages(text);
  ociassemble::decode_certificates(text);
  const auto release = ociassemble::parse_os_release(text);
  require(is_one_line(release.id) && is_one_line(release.pretty_name), "a system's name can be shown");
  for (const auto& word : release.id_like) require(!word.empty(), "a word is not empty");
  const auto entries = ociassemble::parse_loader_cache(text);
  if (!entries) return 0;
  require(entries->size() <= size / 24, "every entry takes room");
  for (const auto& entry : *entries)
    require(!entry.name.empty() && !entry.path.empty() && is_one_line(entry.path), "an entry can be shown");
  return 0;
}
