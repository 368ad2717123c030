// SPDX-License-Identifier: Apache-2.0
#include "attest/owned_files.hpp"

#include <algorithm>
#include <string>

#include "inspect/package_records.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLongestPath = 4096;

void visit_path(std::string_view path, const VisitPath& visit) {
  if (!path.empty() && path.size() <= kLongestPath) visit(path);
}

std::string_view without_slashes(std::string_view path) {
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  return path;
}

}  // namespace

void for_each_apk_file(std::string_view database, const VisitPath& visit) {
  std::string folder;
  while (!database.empty()) {
    const auto line = take_line(database);
    if (line.empty()) folder.clear();
    if (line.starts_with("F:")) folder = without_slashes(line.substr(2));
    if (!line.starts_with("R:")) continue;
    // Else a long folder would be copied for each of its files.
    if (folder.size() > kLongestPath || line.size() > kLongestPath) continue;
    std::string path = folder;
    if (!path.empty()) path += '/';
    path += line.substr(2);
    visit_path(without_slashes(path), visit);
  }
}

void for_each_dpkg_file(std::string_view list, const VisitPath& visit) {
  while (!list.empty()) {
    const auto path = without_slashes(take_line(list));
    if (path != ".") visit_path(path, visit);
  }
}

void for_each_summed_file(std::string_view sums, const VisitPath& visit) {
  while (!sums.empty()) {
    const auto line = take_line(sums);
    const auto blank = line.find("  ");
    if (blank != std::string_view::npos) visit_path(without_slashes(line.substr(blank + 2)), visit);
  }
}

}  // namespace ociassemble
