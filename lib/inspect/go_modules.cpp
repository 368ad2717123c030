// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "inspect/go_build_info.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostModules = 65536;
constexpr std::size_t kMostSettings = 4096;

// Up to the separator, which goes with it.
std::string_view take_field(std::string_view& text, char separator) {
  const auto at = text.find(separator);
  const auto field = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return field;
}

GoModuleVersion module_version(std::string_view fields) {
  GoModuleVersion module;
  module.path = take_field(fields, '\t');
  module.version = take_field(fields, '\t');
  module.sum = take_field(fields, '\t');
  return module;
}

void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0U | code >> 6U);
  } else if (code < 0x10000) {
    put(0xE0U | code >> 12U);
    put(0x80U | (code >> 6U & 0x3FU));
  } else {
    put(0xF0U | code >> 18U);
    put(0x80U | (code >> 12U & 0x3FU));
    put(0x80U | (code >> 6U & 0x3FU));
  }
  put(0x80U | (code & 0x3FU));
}

// `count` digits of base 8 or 16, which go.
std::optional<std::uint32_t> take_digits(std::string_view& text, std::size_t count, std::uint32_t base) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (text.size() < count) return {};
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'F' ? static_cast<char>(text[i] + ('a' - 'A')) : text[i];
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos || digit >= base) return {};
    value = value * base + static_cast<std::uint32_t>(digit);
  }
  text.remove_prefix(count);
  return value;
}

bool take_numbered_escape(std::string_view& text, std::string& value) {
  const char kind = text[0];
  const bool is_octal = kind >= '0' && kind <= '7';
  if (!is_octal && kind != 'x' && kind != 'u' && kind != 'U') return false;
  if (!is_octal) text.remove_prefix(1);
  const std::size_t count = is_octal ? 3 : kind == 'x' ? 2 : kind == 'u' ? 4 : 8;
  const auto code = take_digits(text, count, is_octal ? 8 : 16);
  if (!code || *code > (is_octal ? 0xFFU : 0x10FFFFU)) return false;
  if (kind == 'u' || kind == 'U') {
    append_utf8(value, *code);
  } else {
    value += static_cast<char>(*code);
  }
  return true;
}

// What follows a backslash in a Go string literal.
bool take_escape(std::string_view& text, std::string& value) {
  constexpr std::string_view kNames = "abfnrtv\\'\"";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\'\"";
  if (text.empty()) return false;
  const auto named = kNames.find(text[0]);
  if (named == std::string_view::npos) return take_numbered_escape(text, value);
  value += kValues[named];
  text.remove_prefix(1);
  return true;
}

// A Go string literal (Go specification, "String literals") at the beginning of the text, from which it goes.
std::optional<std::string> take_quoted(std::string_view& text) {
  const char quote = text[0];
  text.remove_prefix(1);
  std::string value;
  while (!text.empty()) {
    const char c = text[0];
    text.remove_prefix(1);
    if (c == quote) return value;
    if (c != '\\' || quote == '`') {
      value += c;
    } else if (!take_escape(text, value)) {
      return {};
    }
  }
  return {};
}

bool is_quoted(std::string_view text) { return !text.empty() && (text[0] == '"' || text[0] == '`'); }

// KEY=VALUE, either of them quoted where it needs to be.
void take_setting(std::string_view line, GoBuild& build) {
  std::string key;
  if (is_quoted(line)) {
    const auto quoted = take_quoted(line);
    if (!quoted || line.empty() || line[0] != '=') return;
    line.remove_prefix(1);
    key = *quoted;
  } else {
    if (line.find('=') == std::string_view::npos) return;
    key = take_field(line, '=');
  }
  if (key.empty()) return;
  if (!is_quoted(line)) {
    build.settings.emplace_back(std::move(key), line);
  } else if (auto value = take_quoted(line); value && line.empty()) {
    build.settings.emplace_back(std::move(key), std::move(*value));
  }
}

}  // namespace

void parse_go_modules(std::string_view text, GoBuild& build) {
  GoModule* last = nullptr;  // the module that a "=>" line replaces; used before the list grows again
  while (!text.empty()) {
    std::string_view line = take_field(text, '\n');
    const std::string_view word = take_field(line, '\t');
    if (word == "path") build.path = line;
    if (word == "mod") last = &build.main.emplace(GoModule{module_version(line), {}});
    if (word == "dep" && build.dependencies.size() < kMostModules)
      last = &build.dependencies.emplace_back(GoModule{module_version(line), {}});
    if (word == "=>" && last != nullptr) last->replacement = module_version(line);
    if (word == "build" && build.settings.size() < kMostSettings) take_setting(line, build);
  }
}

}  // namespace ociassemble
