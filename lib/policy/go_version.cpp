// SPDX-License-Identifier: Apache-2.0
#include "policy/go_version.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace ociassemble {
namespace {

bool take_digits(std::string_view& text, unsigned& number) noexcept {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take_text(std::string_view& text, std::string_view wanted) noexcept {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(wanted.size());
  return true;
}

// What follows a word at a line's start.
std::string_view value_of_line(std::string_view text, std::string_view word) noexcept {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with(word) || line.size() <= word.size()) continue;
    line.remove_prefix(word.size());
    const auto begin = line.find_first_not_of(" \t");
    if (begin == 0 || begin == std::string_view::npos) continue;
    line.remove_prefix(begin);
    return line.substr(0, line.find_first_of(" \t\r/"));
  }
  return {};
}

}  // namespace

std::strong_ordering GoVersion::operator<=>(const GoVersion& other) const noexcept {
  return std::tie(major, minor, stage, stage_number, patch) <=>
         std::tie(other.major, other.minor, other.stage, other.stage_number, other.patch);
}

std::optional<GoVersion> GoVersion::parse(std::string_view text) noexcept {
  text = text.substr(0, text.find(' '));
  take_text(text, "go");
  GoVersion version;
  if (!take_digits(text, version.major) || !take_text(text, ".") || !take_digits(text, version.minor)) return {};
  if (take_text(text, "beta")) version.stage = 0;
  if (take_text(text, "rc")) version.stage = 1;
  if (version.stage != 2)
    return take_digits(text, version.stage_number) && text.empty() ? std::optional(version) : std::nullopt;
  if (take_text(text, ".") && !take_digits(text, version.patch)) return {};
  // "-something" is a vendor's build of that release.
  return text.empty() || text.front() == '-' ? std::optional(version) : std::nullopt;
}

std::optional<GoVersion> version_in_go_mod(std::string_view text) noexcept {
  const auto toolchain = value_of_line(text, "toolchain");
  if (auto version = GoVersion::parse(toolchain)) return version;
  return GoVersion::parse(value_of_line(text, "go"));
}

}  // namespace ociassemble
