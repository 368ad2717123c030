// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <vector>

#include "http/http.hpp"

namespace ociassemble {
namespace {

// Not curl_getdate(), whose time_t may have another size than ours.

constexpr std::array<std::string_view, 7> kDays{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" ,-"), text.size()));
    if (text.empty() || words.size() == 7) return words;
    const auto end = std::min(text.find_first_of(" ,-"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::optional<int> number(std::string_view digits, std::size_t least, std::size_t most) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool is_number = error == std::errc{} && end == digits.data() + digits.size() && !digits.starts_with('-');
  if (!is_number || digits.size() < least || digits.size() > most) return {};
  return value;
}

std::optional<std::chrono::seconds> time_of_day(std::string_view text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return {};
  const auto hours = number(text.substr(0, 2), 2, 2);
  const auto minutes = number(text.substr(3, 2), 2, 2);
  const auto seconds = number(text.substr(6, 2), 2, 2);
  if (!hours || !minutes || !seconds || *hours > 23 || *minutes > 59 || *seconds > 60) return {};
  return std::chrono::hours(*hours) + std::chrono::minutes(*minutes) + std::chrono::seconds(*seconds);
}

std::optional<std::chrono::sys_days> date(std::string_view day, std::string_view month, std::string_view year) {
  const auto named = std::find(kMonths.begin(), kMonths.end(), month);
  const auto day_number = number(day, 1, 2);
  auto year_number = number(year, 2, 4);
  if (named == kMonths.end() || !day_number || !year_number || year.size() == 3) return {};
  if (year.size() == 2) *year_number += *year_number < 70 ? 2000 : 1900;
  const std::chrono::year_month_day wanted(std::chrono::year(*year_number),
                                           std::chrono::month(static_cast<unsigned>(named - kMonths.begin()) + 1),
                                           std::chrono::day(static_cast<unsigned>(*day_number)));
  if (!wanted.ok()) return {};
  return std::chrono::sys_days(wanted);
}

}  // namespace

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  const auto words = words_of(text);
  if (words.size() < 5 || words.size() > 6) return {};
  if (std::find(kDays.begin(), kDays.end(), words[0].substr(0, 3)) == kDays.end()) return {};
  // "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT" and asctime()'s "Sun Nov  6 08:49:37 1994".
  const bool is_asctime = words.size() == 5;
  if (!is_asctime && words[5] != "GMT") return {};
  const auto day = is_asctime ? date(words[2], words[1], words[4]) : date(words[1], words[2], words[3]);
  const auto time = time_of_day(is_asctime ? words[3] : words[4]);
  if (!day || !time) return {};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(day->time_since_epoch()) + *time;
  if (seconds.count() < 0) return {};
  return seconds.count();
}

}  // namespace ociassemble
