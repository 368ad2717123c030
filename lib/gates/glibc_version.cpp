// SPDX-License-Identifier: Apache-2.0
#include "gates/glibc_version.hpp"

#include <algorithm>

namespace ociassemble {
namespace {

constexpr std::string_view kVersionCharacters = "0123456789.";

// Digits of any number: the longer one is higher.
bool is_lower_number(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

std::string_view take_number(std::string_view& version) {
  const auto end = std::min(version.find('.'), version.size());
  const auto number = version.substr(0, end);
  version.remove_prefix(std::min(end + 1, version.size()));
  return number;
}

}  // namespace

std::string family_of_version(std::string_view version) {
  const auto number = version.find_last_not_of(kVersionCharacters) + 1;
  const auto dot = version.find('.', number);
  if (number == version.size() || dot == std::string_view::npos) return {};
  return std::string(version.substr(0, dot + 1));
}

std::string highest_version(const std::vector<std::string>& versions, std::string_view family) {
  std::string highest;
  if (family.empty()) return highest;
  for (const auto& version : versions) {
    if (!version.starts_with(family)) continue;
    const auto number = std::string_view(version).substr(family.size());
    if (number.empty() || number.find_first_not_of(kVersionCharacters) != std::string_view::npos) continue;
    if (highest.empty() || is_below(std::string_view(highest).substr(family.size()), number)) highest = version;
  }
  return highest;
}

bool is_below(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const auto left = take_number(a);
    const auto right = take_number(b);
    if (is_lower_number(left, right)) return true;
    if (is_lower_number(right, left)) return false;
  }
  return false;
}

}  // namespace ociassemble
