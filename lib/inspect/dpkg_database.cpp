// SPDX-License-Identifier: Apache-2.0
#include "inspect/dpkg_database.hpp"

#include <optional>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "inspect/package_records.hpp"

namespace ociassemble {
namespace {

// A record, and what decides whether it counts.
struct DpkgRecord {
  Package package;
  std::string source;  // "NAME" or "NAME (VERSION)"
  std::string status;  // "install ok installed": wanted, flag, state
};

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

void take_dpkg_field(DpkgRecord& record, std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string name = to_lower(trimmed(line.substr(0, colon)));
  const auto value = trimmed(line.substr(colon + 1));
  if (name == "package") record.package.name = value;
  if (name == "version") record.package.version = value;
  if (name == "architecture") record.package.architecture = value;
  if (name == "source") record.source = value;
  if (name == "status") record.status = value;
}

void take_source(Package& package, std::string_view source) {
  package.source_name = source.empty() ? package.name : std::string(trimmed(source.substr(0, source.find('('))));
  package.source_version = package.version;
  const auto open = source.find('(');
  const auto close = source.find(')', open == std::string_view::npos ? 0 : open);
  if (open != std::string_view::npos && close != std::string_view::npos)
    package.source_version = trimmed(source.substr(open + 1, close - open - 1));
}

bool finish_dpkg_record(PackageList& list, std::optional<DpkgRecord>& record) {
  if (!record) return true;
  auto finished = std::move(*std::exchange(record, {}));
  const auto state = std::string_view(finished.status).substr(finished.status.rfind(' ') + 1);
  if (state == "not-installed") return true;
  finished.package.is_installed = state != "config-files";
  take_source(finished.package, finished.source);
  return add_record(list, std::move(finished.package));
}

}  // namespace

PackageList parse_dpkg_status(std::string_view text) {
  PackageList list;
  std::optional<DpkgRecord> record;
  while (!text.empty()) {
    const auto line = take_line(text);
    if (trimmed(line).empty()) {
      if (!finish_dpkg_record(list, record)) return list;
      continue;
    }
    if (!record) record.emplace();
    const bool continues = line[0] == ' ' || line[0] == '\t';
    if (!continues) take_dpkg_field(*record, line);
  }
  finish_dpkg_record(list, record);
  return list;
}

bool is_dpkg_record(std::string_view file_name) noexcept {
  return !file_name.empty() && file_name[0] != '.' && !file_name.ends_with(".md5sums");
}

}  // namespace ociassemble
