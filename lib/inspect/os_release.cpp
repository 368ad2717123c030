// SPDX-License-Identifier: Apache-2.0
#include "inspect/os_release.hpp"

#include <algorithm>

#include "inspect/package_records.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLongestField = 4096;

// The value of an assignment in a shell: quotes go, a backslash keeps the next character (between single quotes it is
// one itself), and an unquoted blank ends it.
std::string unquoted(std::string_view text) {
  std::string value;
  char quote = '\0';
  for (std::size_t at = 0; at < text.size() && value.size() < kLongestField; ++at) {
    char c = text[at];
    const bool is_quote = c == '"' || c == '\'';
    if (quote == '\0' && is_quote) {
      quote = c;
      continue;
    }
    if (quote != '\0' && c == quote) {
      quote = '\0';
      continue;
    }
    if (quote == '\0' && (c == ' ' || c == '\t')) break;
    if (c == '\\' && quote != '\'' && at + 1 < text.size()) c = text[++at];
    const auto byte = static_cast<unsigned char>(c);
    value += byte < ' ' || byte == 0x7F ? ' ' : c;
  }
  return value;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

}  // namespace

OsRelease parse_os_release(std::string_view text) {
  OsRelease release;
  release.id = "linux";
  while (!text.empty()) {
    auto line = take_line(text);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || line[0] == '#') continue;
    const auto name = line.substr(0, equals);
    auto value = unquoted(line.substr(equals + 1));
    if (name == "ID") release.id = value;
    if (name == "ID_LIKE") release.id_like = words_of(value);
    if (name == "VERSION_ID") release.version_id = value;
    if (name == "NAME") release.name = value;
    if (name == "VERSION_CODENAME") release.version_codename = value;
    if (name == "PRETTY_NAME") release.pretty_name = value;
  }
  return release;
}

}  // namespace ociassemble
