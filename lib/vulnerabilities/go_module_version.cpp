// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "vulnerabilities/digits.hpp"
#include "vulnerabilities/version_order.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kTimeDigits = 14;  // yyyymmddhhmmss

struct ModuleVersion {
  std::array<std::string_view, 3> numbers{"0", "0", "0"};
  std::string_view prerelease;  // without its dash
};

bool is_identifier_char(char c) { return is_letter_or_digit(c) || c == '-'; }

// The identifiers of a prerelease or of build metadata, taken off the front; false where they are not as they must be.
bool take_identifiers(std::string_view& text, bool is_prerelease) {
  for (;;) {
    std::size_t size = 0;
    while (size < text.size() && is_identifier_char(text[size])) ++size;
    const auto identifier = text.substr(0, size);
    if (identifier.empty()) return false;
    if (is_prerelease && are_digits(identifier) && size > 1 && identifier.front() == '0') return false;
    text.remove_prefix(size);
    if (!text.starts_with('.')) return true;
    text.remove_prefix(1);
  }
}

std::optional<ModuleVersion> parse(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  ModuleVersion version;
  std::size_t count = 0;
  for (auto& number : version.numbers) {
    if (count > 0) {
      if (!text.starts_with('.')) break;
      text.remove_prefix(1);
    }
    number = take_digits(text);
    if (number.empty() || (number.size() > 1 && number.front() == '0')) return {};
    ++count;
  }
  if (text.empty()) return version;
  if (count < version.numbers.size()) return {};  // Only whole versions have more.
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    const auto all = text;
    if (!take_identifiers(text, true)) return {};
    version.prerelease = all.substr(0, all.size() - text.size());
  }
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (!take_identifiers(text, false)) return {};
  }
  return text.empty() ? std::optional(version) : std::nullopt;
}

std::string_view take_identifier(std::string_view& text) {
  const auto end = text.find('.');
  const auto identifier = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return identifier;
}

// Semantic Versioning 2.0.0, section 11.
std::weak_ordering compare_prereleases(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.empty() <=> b.empty();
  while (!a.empty() && !b.empty()) {
    const auto left = take_identifier(a);
    const auto right = take_identifier(b);
    if (left == right) continue;
    const bool is_number = are_digits(left);
    if (is_number != are_digits(right)) return is_number ? std::weak_ordering::less : std::weak_ordering::greater;
    return is_number ? compare_digits(left, right) : std::weak_ordering(left.compare(right) <=> 0);
  }
  return b.empty() <=> a.empty();
}

}  // namespace

bool is_go_version(std::string_view text) { return parse(text).has_value(); }

std::weak_ordering compare_go_versions(std::string_view a, std::string_view b) {
  const auto left = parse(a);
  const auto right = parse(b);
  if (!left || !right) return left.has_value() <=> right.has_value();
  for (std::size_t i = 0; i < left->numbers.size(); ++i) {
    if (const auto order = compare_digits(left->numbers[i], right->numbers[i]); std::is_neq(order)) return order;
  }
  return compare_prereleases(left->prerelease, right->prerelease);
}

std::optional<PseudoVersion> parse_pseudo_version(std::string_view version) {
  const auto plain = version.substr(0, version.find('+'));
  const auto dash = plain.rfind('-');
  if (dash == std::string_view::npos || dash < kTimeDigits || !parse(version)) return {};
  const auto revision = plain.substr(dash + 1);
  const auto before = plain.substr(0, dash);
  const auto base = before.substr(0, before.size() - kTimeDigits);
  if (revision.empty() || !std::all_of(revision.begin(), revision.end(), is_letter_or_digit)) return {};
  if (!are_digits(before.substr(base.size()))) return {};
  PseudoVersion pseudo;
  pseudo.base = base;
  if (base.ends_with(".0.0-")) return pseudo;
  pseudo.has_base = base.ends_with("-0.") || base.ends_with(".0.");
  return pseudo.has_base && base.find('-') != std::string_view::npos ? std::optional(pseudo) : std::nullopt;
}

namespace {

// As a version, whether it is one or not; empty where it is not in the form of a release.
std::string version_of_release(std::string_view go_version) {
  auto text = go_version.substr(0, go_version.find(' '));
  text = text.substr(0, text.find("-X:"));
  if (!text.starts_with("go")) return {};
  text.remove_prefix(2);
  const auto major = take_digits(text);
  if (major.empty() || !text.starts_with('.')) return {};
  text.remove_prefix(1);
  const auto minor = take_digits(text);
  if (minor.empty()) return {};
  std::string_view patch = "0";
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    patch = take_digits(text);
    if (patch.empty()) return {};
  }
  auto version = std::string(major) + "." + std::string(minor) + "." + std::string(patch);
  if (text.empty()) return version;
  for (const std::string_view kind : {"beta", "rc", "-pre"}) {
    if (!text.starts_with(kind)) continue;
    const auto number = text.substr(kind.size());
    if (!are_digits(number)) return {};
    return version + (kind.starts_with('-') ? "" : "-") + std::string(kind) + "." + std::string(number);
  }
  return {};
}

}  // namespace

// "go1.04" is none: a number that begins with 0 has no place in the order of versions.
std::string go_release_version(std::string_view go_version) {
  auto version = version_of_release(go_version);
  return is_go_version(version) ? version : std::string();
}

}  // namespace ociassemble
