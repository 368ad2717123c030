// SPDX-License-Identifier: Apache-2.0
#include "tar/tar_numbers.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>

namespace ociassemble {
namespace {

std::optional<std::int64_t> base_256(std::string_view field) {
  const bool negative = (static_cast<unsigned char>(field[0]) & 0x40U) != 0;
  const unsigned char fill = negative ? 0xFF : 0;
  std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < field.size(); ++i) {
    auto byte = static_cast<unsigned char>(field[i]);
    // The first bit only says that this is base 256.
    if (i == 0) byte = static_cast<unsigned char>(negative ? byte | 0x80U : byte & 0x7FU);
    // What is shifted out must be nothing but the sign.
    if (static_cast<unsigned char>(value >> 56U) != fill) return {};
    value = value << 8U | byte;
  }
  const auto number = static_cast<std::int64_t>(value);
  if ((number < 0) != negative) return {};
  return number;
}

}  // namespace

std::optional<std::int64_t> tar_number(std::string_view field) {
  if (!field.empty() && (static_cast<unsigned char>(field[0]) & 0x80U) != 0) return base_256(field);
  field.remove_prefix(std::min(field.find_first_not_of(" \t"), field.size()));
  std::int64_t value = 0;  // 12 octal digits at the most
  for (const char digit : field) {
    if (digit < '0' || digit > '7') break;
    value = value * 8 + (digit - '0');
  }
  return value;
}

std::optional<std::int64_t> pax_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::optional<std::int64_t> pax_seconds(std::string_view text) {
  const auto point = text.find('.');
  const auto fraction = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto whole = pax_number(text.substr(0, point));
  if (!whole || !std::all_of(fraction.begin(), fraction.end(), is_digit)) return {};
  const bool rounds = text[0] == '-' && fraction.find_first_not_of('0') != std::string_view::npos;
  if (!rounds) return whole;
  if (*whole == std::numeric_limits<std::int64_t>::min()) return {};
  return *whole - 1;
}

}  // namespace ociassemble
