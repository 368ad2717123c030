// SPDX-License-Identifier: Apache-2.0
#include "inspect/package_records.hpp"

#include <algorithm>
#include <utility>

namespace ociassemble {
namespace {

constexpr std::size_t kMostPackages = 1'000'000;
constexpr std::size_t kLongestValue = 4096;

bool is_proper_value(std::string_view text) {
  return text.size() <= kLongestValue &&
         std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

bool is_proper(const Package& package) {
  if (package.name.empty() || package.version.empty()) return false;
  for (const auto* text : {&package.name, &package.version, &package.architecture, &package.source_name,
                           &package.source_version, &package.license}) {
    if (!is_proper_value(*text)) return false;
  }
  return true;
}

}  // namespace

std::string_view take_line(std::string_view& text) noexcept {
  const auto end = text.find('\n');
  auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

bool add_record(PackageList& list, Package&& package) {
  const bool is_full = list.packages.size() == kMostPackages;
  if (is_full || !is_proper(package)) {
    ++list.broken_records;
    return !is_full;
  }
  list.packages.push_back(std::move(package));
  return true;
}

}  // namespace ociassemble
