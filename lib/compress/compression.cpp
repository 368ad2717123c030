// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/compression.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "compress/levels.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr const char* kParseHint =
    "write none, gzip, zstd, or one of the last two with a level: gzip:1 to gzip:12, zstd:1 to zstd:19";

struct Levels {
  std::string_view name;
  int maximum;        // the minimum is 1
  int default_level;  // docs/performance.md has the table that it was chosen from
};

constexpr Levels levels_of(Compression kind) {
  switch (kind) {
    case Compression::none:
      return {"none", 0, 0};
    case Compression::gzip:
      return {"gzip", 12, 4};
    case Compression::zstd:
      return {"zstd", 19, 3};
  }
  return {};
}

[[noreturn]] void refuse(std::string_view text, std::string_view cause) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot use compression \"{}\": {}", text, cause), kParseHint);
}

std::optional<Compression> kind_by_name(std::string_view name) {
  for (const auto kind : {Compression::none, Compression::gzip, Compression::zstd}) {
    if (levels_of(kind).name == name) return kind;
  }
  return std::nullopt;
}

// A decimal number without sign or leading zero.
int parse_level(std::string_view digits, std::string_view text) {
  int level = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), level);
  const bool whole = status == std::errc{} && end == digits.data() + digits.size();
  if (!whole || digits.front() == '0' || digits.front() == '-') refuse(text, "the level is not a number from 1");
  return level;
}

}  // namespace

int effective_level(const CompressionOptions& options) {
  const auto levels = levels_of(options.kind);
  if (options.level == 0) return levels.default_level;
  if (options.level < 0 || options.level > levels.maximum) {
    refuse(fmt::format("{}:{}", levels.name, options.level), "there is no such level");
  }
  return options.level;
}

CompressionOptions CompressionOptions::parse(std::string_view text) {
  const auto colon = text.find(':');
  const auto kind = kind_by_name(text.substr(0, colon));
  if (!kind) refuse(text, "no such compression");
  CompressionOptions options;
  options.kind = *kind;
  if (colon != std::string_view::npos) options.level = parse_level(text.substr(colon + 1), text);
  effective_level(options);
  return options;
}

std::string CompressionOptions::to_string() const {
  const auto name = levels_of(kind).name;
  return kind == Compression::none ? std::string(name) : fmt::format("{}:{}", name, effective_level(*this));
}

}  // namespace ociassemble
