// SPDX-License-Identifier: Apache-2.0
#include "spec/timestamp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <system_error>

#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {

std::string format_timestamp(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm utc{};
  if (::gmtime_r(&time, &utc) == nullptr || utc.tm_year < -1900 || utc.tm_year > 8099) {
    throw Error(ErrorCode::invalid_argument, fmt::format("cannot write {} seconds as a date: out of range", seconds));
  }
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

namespace {

[[noreturn]] void reject_time(std::string_view text) {
  throw Error(ErrorCode::invalid_argument,
              fmt::format("cannot use time \"{}\": neither a date nor seconds", printable(text)),
              "write 2024-05-01T12:00:00Z, or the seconds since 1970 that `git log -1 --pretty=%ct` prints");
}

std::int64_t digits_at(std::string_view text, std::size_t at, std::size_t count, std::int64_t largest) {
  const auto part = text.substr(std::min(at, text.size()), count);
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(part.data(), part.data() + part.size(), value);
  const bool whole = part.size() == count && part[0] != '-' && end == part.data() + part.size();
  if (failure != std::errc() || !whole || value > largest) reject_time(text);
  return value;
}

void require_char(std::string_view text, std::size_t at, std::string_view any_of) {
  if (at >= text.size() || any_of.find(text[at]) == std::string_view::npos) reject_time(text);
}

// Days since 1970-01-01 of a date of the Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date
// Algorithms").
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const auto era = (year >= 0 ? year : year - 399) / 400;
  const auto year_of_era = year - era * 400;
  const auto day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const auto day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

std::int64_t parse_rfc_3339(std::string_view text) {
  for (const std::size_t at : {4U, 7U}) require_char(text, at, "-");
  for (const std::size_t at : {13U, 16U}) require_char(text, at, ":");
  require_char(text, 10, "Tt ");
  const auto month = digits_at(text, 5, 2, 12), day = digits_at(text, 8, 2, 31);
  const auto days = days_from_civil(digits_at(text, 0, 4, 9999), month, day);
  const auto seconds = digits_at(text, 11, 2, 23) * 3600 + digits_at(text, 14, 2, 59) * 60 + digits_at(text, 17, 2, 60);
  const auto date = format_timestamp(days * 86400).substr(0, 10);
  if (date != text.substr(0, 10)) reject_time(text);  // the 30th of February
  auto rest = text.substr(19);
  if (rest.starts_with('.')) {
    const auto end = rest.find_first_not_of("0123456789", 1);
    if (end == 1 || end == std::string_view::npos) reject_time(text);
    rest.remove_prefix(end);
  }
  if (rest == "Z" || rest == "z") return days * 86400 + seconds;
  require_char(rest, 0, "+-");
  require_char(rest, 3, ":");
  if (rest.size() != 6) reject_time(text);
  const auto offset = digits_at(rest, 1, 2, 23) * 3600 + digits_at(rest, 4, 2, 59) * 60;
  return days * 86400 + seconds - (rest[0] == '-' ? -offset : offset);
}

}  // namespace

std::int64_t parse_time(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool is_number = failure == std::errc() && end == text.data() + text.size();
  if (!is_number) seconds = parse_rfc_3339(text);
  if (seconds < 0 || seconds > 253402300799) reject_time(text);
  return seconds;
}

}  // namespace ociassemble
