// SPDX-License-Identifier: Apache-2.0
#include "base/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool is_ascii_control(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

// What make reads as something else wherever it stands, and no backslash takes that away: an assignment, a recipe on
// the rule's line, a grouped target, an order-only prerequisite, a member of an archive, a pattern of names.
bool has_no_make_escape(char c) noexcept {
  return is_ascii_control(c) || std::string_view("=;&|()\\*?[]!~`'\"<>").find(c) != std::string_view::npos;
}

std::string_view make_escape(char c) noexcept {
  switch (c) {
    case ' ':
      return "\\ ";
    case '#':
      return "\\#";
    case '%':
      return "\\%";
    case ':':
      return "\\:";
    case '$':
      return "$$";
    default:
      return {};
  }
}

// The code point of a well-formed sequence of two or three bytes; 0 for others.
std::uint32_t short_code_point(std::string_view sequence) noexcept {
  const auto byte = [sequence](std::size_t i) -> std::uint32_t { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 2) return (byte(0) & 0x1FU) << 6U | (byte(1) & 0x3FU);
  if (sequence.size() == 3) return (byte(0) & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
  return 0;
}

// What JSON lets stand, but a terminal or JavaScript may not.
bool is_escaped_beyond_ascii(std::uint32_t c) noexcept {
  return (c >= 0x80 && c <= 0x9F) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E ||
         c == 0x200F || c == 0x061C;
}

std::string_view short_escape(char c) noexcept {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return {};
  }
}

template <class ShortEscape>
std::string escaped_json(std::string_view text, const ShortEscape& short_escape_of) {
  std::string result;
  while (!text.empty()) {
    const auto length = utf8_length(text);
    const auto sequence = text.substr(0, std::max<std::size_t>(length, 1));
    text.remove_prefix(sequence.size());
    if (length == 0) {
      result += kReplacement;
    } else if (const auto escape = short_escape_of(sequence.front()); !escape.empty()) {
      result += escape;
    } else if (is_ascii_control(sequence.front())) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(sequence.front()));
    } else if (const auto c = short_code_point(sequence); is_escaped_beyond_ascii(c)) {
      result += fmt::format("\\u{:04x}", c);
    } else {
      result += sequence;
    }
  }
  return result;
}

bool is_plain_in_shell(char c) noexcept {
  return is_letter_or_digit(c) || std::string_view("_-./:@,+%").find(c) != std::string_view::npos;
}

}  // namespace

std::string make_name(std::string_view path) {
  std::string name;
  for (const char c : path) {
    if (has_no_make_escape(c)) {
      name += '?';
    } else if (const auto escape = make_escape(c); !escape.empty()) {
      name += escape;
    } else {
      name += c;
    }
  }
  return name;
}

std::string make_target(std::string_view path) {
  const auto bad = std::ranges::find_if(path, has_no_make_escape);
  if (bad == path.end() && !path.empty()) return make_name(path);
  const auto why = path.empty()             ? std::string("it has no name")
                   : is_ascii_control(*bad) ? std::string("its name holds a control character")
                                            : fmt::format("its name holds '{}'", *bad);
  throw Error(ErrorCode::invalid_argument,
              fmt::format("cannot write a rule for make about {}: {}", printable(path), why),
              "rename it, or give --depfile-target another name");
}

std::string quoted_json(std::string_view text) { return '"' + escaped_json(text, short_escape) + '"'; }

std::string shown_json(std::string_view quoted) {
  return escaped_json(quoted, [](char) { return std::string_view(); });
}

std::string shell_word(std::string_view text) {
  auto shown = terminal_text(text);
  if (!shown.empty() && std::ranges::all_of(shown, is_plain_in_shell)) return shown;
  std::string word = "'";
  for (const char c : shown) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

bool is_field_name(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_letter_or_digit(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) noexcept {
  return std::ranges::none_of(text, [](char c) { return c != '\t' && is_ascii_control(c); });
}

}  // namespace ociassemble
