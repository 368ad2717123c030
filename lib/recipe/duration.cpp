// SPDX-License-Identifier: Apache-2.0
#include "recipe/duration.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>

#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::int64_t kLongest = std::int64_t{100} * 365 * 24 * 3600 * 1000;  // in milliseconds

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
// "ms" before "m", so that it is found first.
constexpr std::array<Unit, 4> kUnits{Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60000}, Unit{"h", 3600000}};

[[noreturn]] void reject(std::string_view text) {
  throw Error(ErrorCode::invalid_argument, fmt::format("\"{}\" is not a length of time", printable(text)),
              "write 30s, 1m30s or 500ms");
}

}  // namespace

std::chrono::nanoseconds parse_duration(std::string_view text) {
  std::int64_t total = 0;
  if (text.empty()) reject(text);
  for (auto rest = text; !rest.empty();) {
    std::uint32_t amount = 0;
    const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), amount);
    if (failure != std::errc()) reject(text);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const auto* unit = kUnits.begin();
    while (unit != kUnits.end() && !rest.starts_with(unit->name)) ++unit;
    if (unit == kUnits.end()) reject(text);
    rest.remove_prefix(unit->name.size());
    total += amount * unit->milliseconds;
    if (total > kLongest) reject(text);
  }
  return std::chrono::milliseconds(total);
}

}  // namespace ociassemble
