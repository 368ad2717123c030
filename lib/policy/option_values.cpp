// SPDX-License-Identifier: Apache-2.0
#include "policy/option_values.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "ociassemble/error.hpp"
#include "spec/timestamp.hpp"

namespace ociassemble {
namespace {

struct SizeUnit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::array<SizeUnit, 7> kSizeUnits{SizeUnit{"B", 1},
                                             {"kB", 1'000},
                                             {"MB", 1'000'000},
                                             {"GB", 1'000'000'000},
                                             {"KiB", std::uint64_t{1} << 10U},
                                             {"MiB", std::uint64_t{1} << 20U},
                                             {"GiB", std::uint64_t{1} << 30U}};

std::vector<std::string> texts_of(const JsonView& view) {
  std::vector<std::string> texts;
  if (view.is_string()) {
    texts.push_back(view.string());
  } else {
    texts = view.strings();
  }
  for (const auto& text : texts) {
    if (text.empty()) view.refuse("holds an empty text");
  }
  if (texts.empty()) view.refuse("is empty");
  return texts;
}

std::string text_of(const JsonView& view) {
  if (view.string().empty()) view.refuse("is empty");
  return view.string();
}

std::uint64_t size_of(const JsonView& view) {
  if (!view.is_string()) return view.size();
  const auto size = parse_size(view.string());
  if (!size) view.refuse("is no size such as 1500000, \"20MB\" or \"64MiB\"");
  return *size;
}

}  // namespace

std::optional<Severity> parse_severity(std::string_view text) noexcept {
  if (text == "off") return Severity::off;
  if (text == "warn") return Severity::warn;
  if (text == "error") return Severity::error;
  return {};
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  constexpr std::size_t kLength = 10;
  if (text.size() != kLength || text[4] != '-' || text[7] != '-') return {};
  try {
    const auto seconds = parse_time(std::string(text) + "T00:00:00Z");
    // No month has a 31st of February.
    if (format_timestamp(seconds).substr(0, kLength) != text) return {};
    return seconds;
  } catch (const Error&) {
    return {};
  }
}

std::optional<std::uint64_t> parse_days(std::string_view text) noexcept {
  std::uint32_t days = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), days);
  if (failure != std::errc() || std::string_view(end, static_cast<std::size_t>(text.data() + text.size() - end)) != "d")
    return {};
  return days;
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (failure != std::errc() || !(number >= 0)) return {};
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  std::uint64_t factor = unit.empty() ? 1 : 0;
  for (const auto& known : kSizeUnits) {
    if (known.name == unit) factor = known.factor;
  }
  constexpr double kMost = 9e18;
  if (factor == 0 || number * static_cast<double>(factor) > kMost) return {};
  return static_cast<std::uint64_t>(std::llround(number * static_cast<double>(factor)));
}

std::vector<std::string> read_option_value(OptionKind kind, const JsonView& view, const std::filesystem::path& folder) {
  switch (kind) {
    case OptionKind::text:
      return {text_of(view)};
    case OptionKind::texts:
      return texts_of(view);
    case OptionKind::number:
      return {std::to_string(view.size())};
    case OptionKind::size:
      return {std::to_string(size_of(view))};
    case OptionKind::flag:
      return {view.boolean() ? "true" : "false"};
    case OptionKind::severity:
      if (!parse_severity(view.string())) view.refuse("is not \"off\", \"warn\" or \"error\"");
      return {view.string()};
    case OptionKind::days: {
      const auto days = parse_days(view.string());
      if (!days) view.refuse("is no number of days such as \"90d\"");
      return {std::to_string(*days)};
    }
    case OptionKind::file:
      return {(folder / text_of(view)).string()};
    case OptionKind::files: {
      auto files = texts_of(view);
      for (auto& file : files) file = (folder / file).string();
      return files;
    }
  }
  return {};
}

}  // namespace ociassemble
