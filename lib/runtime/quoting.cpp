// SPDX-License-Identifier: Apache-2.0
#include "runtime/quoting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/escape.hpp"
#include "base/text.hpp"

namespace ociassemble {
namespace {

// What readers of YAML 1.1 take for a truth value or nothing.
bool is_yaml_word(std::string_view text) {
  constexpr std::array<std::string_view, 9> kWords{"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
  return std::ranges::find(kWords, to_lower(text)) != kWords.end();
}

bool is_plain(std::string_view text) {
  if (text.empty() || is_yaml_word(text)) return false;
  const bool begins_well = (is_letter_or_digit(text.front()) && !(text.front() >= '0' && text.front() <= '9')) ||
                           (text.front() == '/' && text.size() > 1);
  // A ':' is a key's where a blank or nothing follows it.
  const auto is_harmless = [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.' || c == '/' || c == '@' || c == ':';
  };
  return begins_well && text.back() != ':' && std::ranges::all_of(text, is_harmless);
}

std::string escaped(std::string_view text, bool is_command) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '%' || (is_command && c == '$')) {
      result += c;
      result += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  return result + '"';
}

bool is_bare_word(std::string_view text) {
  constexpr std::string_view kHarmless = "-_./:=,@+";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return is_letter_or_digit(c) || kHarmless.find(c) != std::string_view::npos;
  });
}

}  // namespace

std::string yaml_string(std::string_view text) { return is_plain(text) ? std::string(text) : quoted_json(text); }

std::string yaml_strings(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const auto& text : texts) list += (list.size() > 1 ? ", " : "") + yaml_string(text);
  return list + "]";
}

std::string exact_shell_word(std::string_view text) {
  if (is_bare_word(text)) return std::string(text);
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string unit_word(std::string_view text) { return is_bare_word(text) ? std::string(text) : escaped(text, false); }

std::string unit_command_word(std::string_view text) {
  return is_bare_word(text) ? std::string(text) : escaped(text, true);
}

}  // namespace ociassemble
