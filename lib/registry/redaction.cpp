// SPDX-License-Identifier: Apache-2.0
#include "registry/redaction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/base64.hpp"
#include "base/text.hpp"

namespace ociassemble {
namespace {

// A shorter piece of base64 or hexadecimal would be found in any digest.
constexpr std::size_t kShortestEncoded = 6;

struct EscapedCharacter {
  std::string character;
  std::size_t length = 0;  // of the escape in the text
};

std::optional<std::uint32_t> number_at(std::string_view text, std::size_t at, std::size_t digits, int base) {
  if (text.size() < at + digits || digits == 0) return {};
  std::uint32_t value = 0;
  const char* begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + digits, value, base);
  if (error != std::errc{} || end != begin + digits) return {};
  return value;
}

std::string utf8(std::uint32_t c) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(static_cast<unsigned char>(value)); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0U | c >> 6U), byte(0x80U | (c & 0x3FU))};
  if (c < 0x10000) return {byte(0xE0U | c >> 12U), byte(0x80U | (c >> 6U & 0x3FU)), byte(0x80U | (c & 0x3FU))};
  return {byte(0xF0U | c >> 18U), byte(0x80U | (c >> 12U & 0x3FU)), byte(0x80U | (c >> 6U & 0x3FU)),
          byte(0x80U | (c & 0x3FU))};
}

// "\u003c", a pair of surrogates, "\x3c", "\/", "\n".
std::optional<EscapedCharacter> backslash_escape(std::string_view text) {
  if (text.size() < 2) return {};
  if (text[1] == 'u') {
    const auto first = number_at(text, 2, 4, 16);
    if (!first) return {};
    const bool high = *first >= 0xD800 && *first < 0xDC00;
    if (!high || text.substr(6, 2) != "\\u") return EscapedCharacter{utf8(*first), 6};
    const auto second = number_at(text, 8, 4, 16);
    if (!second || *second < 0xDC00 || *second > 0xDFFF) return {};
    return EscapedCharacter{utf8(0x10000U + ((*first - 0xD800U) << 10U) + (*second - 0xDC00U)), 12};
  }
  if (text[1] == 'x') {
    const auto value = number_at(text, 2, 2, 16);
    return value ? std::optional(EscapedCharacter{{static_cast<char>(*value)}, 4}) : std::nullopt;
  }
  constexpr std::string_view kNames = "nrtbf";
  constexpr std::string_view kMeanings = "\n\r\t\b\f";
  const auto name = kNames.find(text[1]);
  return EscapedCharacter{{name == std::string_view::npos ? text[1] : kMeanings[name]}, 2};
}

// "&lt;", "&#60;", "&#x3c;".
std::optional<EscapedCharacter> entity(std::string_view text) {
  const auto end = text.substr(0, 12).find(';');
  if (end == std::string_view::npos || end < 3) return {};
  const auto name = text.substr(1, end - 1);
  if (name[0] == '#') {
    const bool hex = name.size() > 2 && (name[1] == 'x' || name[1] == 'X');
    const std::size_t start = hex ? 2 : 1;
    const auto value = number_at(name, start, name.size() - start, hex ? 16 : 10);
    return value && *value <= 0x10FFFF ? std::optional(EscapedCharacter{utf8(*value), end + 1}) : std::nullopt;
  }
  constexpr std::pair<std::string_view, char> kEntities[] = {
      {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [known, meaning] : kEntities) {
    if (known == name) return EscapedCharacter{{meaning}, end + 1};
  }
  return {};
}

// What the escape that the text begins with stands for. A multibyte character in a URL has one escape a byte.
std::optional<EscapedCharacter> escape_at(std::string_view text) {
  switch (text.front()) {
    case '\\':
      return backslash_escape(text);
    case '&':
      return entity(text);
    case '+':
      return EscapedCharacter{" ", 1};
    case '%': {
      EscapedCharacter found;
      for (std::size_t wanted = 1; found.character.size() < wanted;) {
        if (text.substr(found.length, 1) != "%") return {};
        const auto value = number_at(text, found.length + 1, 2, 16);
        if (!value) return {};
        found.character += static_cast<char>(*value);
        found.length += 3;
        if (found.length == 3) wanted = *value >= 0xF0 ? 4 : *value >= 0xE0 ? 3 : *value >= 0xC2 ? 2 : 1;
      }
      return found;
    }
    default:
      return {};
  }
}

std::string hex(std::string_view bytes) {
  std::string digits;
  for (const char c : bytes) digits += fmt::format("{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  return digits;
}

// The base64 characters that depend on `secret` alone when `before` bytes stand before it, modulo 3.
std::string base64_core(const std::string& secret, std::size_t before) {
  auto text = encode_base64(std::string(before, '\0') + secret);
  while (text.ends_with('=')) text.pop_back();
  const auto whole = (before + secret.size()) * 8 / 6;  // further characters hold bits of what follows
  const std::size_t begin = before == 0 ? 0 : before + 1;
  return whole > begin ? text.substr(begin, whole - begin) : std::string();
}

std::string in_url_alphabet(std::string text) {
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

}  // namespace

Secret::Secret(std::string text) : text_(std::move(text)) {
  for (std::string_view rest = text_; !rest.empty();) {
    const auto length = std::max<std::size_t>(utf8_length(rest), 1);
    characters_.emplace_back(rest.substr(0, length));
    rest.remove_prefix(length);
  }
  std::vector<std::string> forms{hex(text_)};
  for (std::size_t before = 0; before < 3; ++before) {
    forms.push_back(base64_core(text_, before));
    forms.push_back(in_url_alphabet(forms.back()));
  }
  for (auto& form : forms) {
    if (form.size() >= kShortestEncoded) encoded_.push_back(std::move(form));
  }
}

// The end of the secret that begins at `at`, or `at`.
std::size_t Secret::match(std::string_view text, std::size_t at) const {
  for (const auto& form : encoded_) {
    const auto piece = text.substr(at, form.size());
    if (piece == form || (&form == &encoded_.front() && to_lower(piece) == form)) return at + form.size();
  }
  // A '%' may be one, or begin an escape: all readings are followed.
  std::vector<std::size_t> ends{at};
  for (const auto& character : characters_) {
    std::vector<std::size_t> next;
    const auto reach = [&next](std::size_t end) {
      if (std::ranges::find(next, end) == next.end()) next.push_back(end);
    };
    for (const auto end : ends) {
      if (end >= text.size()) continue;
      if (text.substr(end).starts_with(character)) reach(end + character.size());
      const auto escaped = escape_at(text.substr(end));
      if (escaped && escaped->character == character) reach(end + escaped->length);
    }
    if (next.empty()) return at;
    ends = std::move(next);
  }
  return ends.empty() ? at : *std::ranges::max_element(ends);
}

std::string Secret::redact(const std::string& from) const {
  std::string result;
  for (std::size_t at = 0; at < from.size();) {
    const auto end = characters_.empty() ? at : match(from, at);
    if (end == at) {
      result += from[at++];
    } else {
      result += "***";
      at = end;
    }
  }
  return result;
}

}  // namespace ociassemble
