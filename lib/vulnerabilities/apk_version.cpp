// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>

#include "vulnerabilities/digits.hpp"
#include "vulnerabilities/version_order.hpp"

namespace ociassemble {
namespace {

constexpr std::array<std::string_view, 4> kBeforeRelease{"alpha", "beta", "pre", "rc"};
constexpr std::array<std::string_view, 5> kAfterRelease{"cvs", "svn", "git", "hg", "p"};

// What a part of a version is, in the order that counts where one version goes on and the other does not.
enum class PartKind { invalid = -1, number, decimal, letter, suffix, suffix_number, revision, end };

// A part's value: digits, or a number that is less than 0 for zeros before digits and suffixes before a release.
struct PartValue {
  std::int64_t number = 0;
  std::string_view digits;

  std::weak_ordering compare(const PartValue& other) const {
    if (digits.empty() && other.digits.empty()) return number <=> other.number;
    if (digits.empty() && number < 0) return std::weak_ordering::less;
    if (other.digits.empty() && other.number < 0) return std::weak_ordering::greater;
    return compare_digits(digits, other.digits);
  }
};

class ApkParts {
 public:
  explicit ApkParts(std::string_view text) : rest_(text) {}

  PartKind kind() const { return kind_; }

  // The value of the part that begins here; kind() is then that of the next.
  PartValue take() {
    PartValue value;
    if (rest_.empty()) {
      kind_ = PartKind::end;
      return value;
    }
    bool goes_on = false;  // zeros, and then digits
    switch (kind_) {
      case PartKind::decimal:
        if (rest_.front() == '0') {
          const auto zeros = std::min(rest_.find_first_not_of('0'), rest_.size());
          value.number = -static_cast<std::int64_t>(zeros);
          rest_.remove_prefix(zeros);
          goes_on = !rest_.empty() && is_digit(rest_.front());
          break;
        }
        value.digits = take_digits(rest_);
        break;
      case PartKind::number:
      case PartKind::suffix_number:
      case PartKind::revision:
        value.digits = take_digits(rest_);
        break;
      case PartKind::letter:
        value.number = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        break;
      case PartKind::suffix:
        if (!take_suffix(value)) {
          kind_ = PartKind::invalid;
          value.number = -1;
          return value;
        }
        break;
      case PartKind::invalid:
      case PartKind::end:
        kind_ = PartKind::invalid;
        value.number = -1;
        return value;
    }
    if (rest_.empty()) {
      kind_ = PartKind::end;
    } else if (goes_on) {
      kind_ = PartKind::number;
    } else {
      kind_ = next_kind();
    }
    return value;
  }

 private:
  bool take_suffix(PartValue& value) {
    const auto take = [&](const auto& names, std::int64_t from) {
      for (std::size_t i = 0; i < names.size(); ++i) {
        if (!rest_.starts_with(names[i])) continue;
        value.number = from + static_cast<std::int64_t>(i);
        rest_.remove_prefix(names[i].size());
        return true;
      }
      return false;
    };
    return take(kBeforeRelease, -static_cast<std::int64_t>(kBeforeRelease.size())) || take(kAfterRelease, 0);
  }

  // A part of a kind that may not follow is invalid.
  PartKind next_kind() {
    const char c = rest_.front();
    auto next = PartKind::invalid;
    if ((kind_ == PartKind::number || kind_ == PartKind::decimal) && c >= 'a' && c <= 'z') {
      next = PartKind::letter;
    } else if (kind_ == PartKind::letter && is_digit(c)) {
      next = PartKind::number;
    } else if (kind_ == PartKind::suffix && is_digit(c)) {
      next = PartKind::suffix_number;
    } else {
      std::size_t length = 1;
      if (c == '.') next = PartKind::decimal;
      if (c == '_') next = PartKind::suffix;
      if (rest_.starts_with("-r")) {
        next = PartKind::revision;
        length = 2;
      }
      rest_.remove_prefix(length);
    }
    const bool may_go_back = (next == PartKind::decimal && kind_ == PartKind::number) ||
                             (next == PartKind::suffix && kind_ == PartKind::suffix_number) ||
                             (next == PartKind::number && kind_ == PartKind::letter);
    return next < kind_ && !may_go_back ? PartKind::invalid : next;
  }

  std::string_view rest_;
  PartKind kind_ = PartKind::number;
};

bool is_before_release(ApkParts parts) { return parts.kind() == PartKind::suffix && parts.take().number < 0; }

}  // namespace

std::weak_ordering compare_apk_versions(std::string_view a, std::string_view b) {
  ApkParts left(a);
  ApkParts right(b);
  std::weak_ordering order = std::weak_ordering::equivalent;
  while (left.kind() == right.kind() && left.kind() != PartKind::end && left.kind() != PartKind::invalid) {
    const auto value = left.take();
    order = value.compare(right.take());
    if (std::is_neq(order)) return order;
  }
  if (left.kind() == right.kind()) return order;
  if (is_before_release(left)) return std::weak_ordering::less;
  if (is_before_release(right)) return std::weak_ordering::greater;
  return right.kind() <=> left.kind();
}

}  // namespace ociassemble
