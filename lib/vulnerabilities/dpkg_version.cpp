// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.hpp"
#include "inspect/debian_version.hpp"
#include "vulnerabilities/digits.hpp"
#include "vulnerabilities/version_order.hpp"

namespace ociassemble {
namespace {

// "~" is before the end, letters before everything else.
int weight(std::string_view text) {
  if (text.empty() || is_digit(text.front())) return 0;
  const auto c = static_cast<unsigned char>(text.front());
  if (c == '~') return -1;
  return is_letter_or_digit(text.front()) ? c : c + 256;
}

// Parts without digits and numbers, in turns.
std::weak_ordering compare_part(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    while ((!a.empty() && !is_digit(a.front())) || (!b.empty() && !is_digit(b.front()))) {
      const auto order = weight(a) <=> weight(b);
      if (std::is_neq(order)) return order;
      a.remove_prefix(std::min<std::size_t>(1, a.size()));
      b.remove_prefix(std::min<std::size_t>(1, b.size()));
    }
    const auto order = compare_digits(take_digits(a), take_digits(b));
    if (std::is_neq(order)) return order;
  }
  return std::weak_ordering::equivalent;
}

// dpkg reads it by strtol(3).
std::string_view epoch_digits(std::string_view epoch) {
  if (epoch.starts_with('+')) epoch.remove_prefix(1);
  return epoch;
}

}  // namespace

std::weak_ordering compare_dpkg_versions(std::string_view a, std::string_view b) {
  const auto left = split_debian_version(a);
  const auto right = split_debian_version(b);
  if (const auto order = compare_digits(epoch_digits(left.epoch), epoch_digits(right.epoch)); std::is_neq(order))
    return order;
  if (const auto order = compare_part(left.upstream, right.upstream); std::is_neq(order)) return order;
  return compare_part(left.revision, right.revision);
}

}  // namespace ociassemble
