// SPDX-License-Identifier: Apache-2.0
#include "policy/image_texts.hpp"

#include <algorithm>

namespace ociassemble {
namespace {

std::vector<std::string_view> lines_in(std::string_view text) {
  std::vector<std::string_view> lines;
  constexpr std::size_t kMostLines = 100000;
  while (!text.empty() && lines.size() < kMostLines) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string_view> fields_in(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto colon = line.find(':');
    fields.push_back(line.substr(0, colon));
    if (colon == std::string_view::npos) return fields;
    line.remove_prefix(colon + 1);
  }
}

}  // namespace

std::string support_end_in(std::string_view text) {
  constexpr std::string_view kKey = "SUPPORT_END=";
  for (auto line : lines_in(text)) {
    if (!line.starts_with(kKey)) continue;
    line.remove_prefix(kKey.size());
    if (line.size() > 1 && (line.front() == '"' || line.front() == '\'')) line = line.substr(1, line.size() - 2);
    return std::string(line);
  }
  return {};
}

std::vector<std::string> accounts_without_password(std::string_view text) {
  std::vector<std::string> names;
  for (const auto line : lines_in(text)) {
    const auto fields = fields_in(line);
    if (fields.size() < 3 || fields[0].empty() || fields[0].starts_with('#') || !fields[1].empty()) continue;
    names.emplace_back(fields[0]);
  }
  return names;
}

}  // namespace ociassemble
