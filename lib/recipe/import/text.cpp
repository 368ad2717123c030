// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ociassemble {
namespace {

constexpr char kArgument = kMarks[0];
constexpr char kPlatform = kMarks[1];
constexpr char kEnd = kMarks[2];

std::string escaped(char c) {
  if (c == '"' || c == '\\') return {'\\', c};
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 ? fmt::format("\\u{:04x}", byte) : std::string{c};
}

}  // namespace

bool holds_marks(std::string_view text) {
  return text.find_first_of(kMarks) != std::string_view::npos || text.find('\0') != std::string_view::npos;
}

std::string argument_mark(std::string_view name) { return fmt::format("{}{}{}", kArgument, name, kEnd); }

std::string platform_mark(std::string_view name) { return fmt::format("{}{}{}", kPlatform, name, kEnd); }

bool holds_platform(std::string_view text) { return text.find(kPlatform) != std::string_view::npos; }

std::string without_mark(std::string text, std::string_view name, std::string_view value) {
  const auto mark = argument_mark(name);
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark)) text.replace(at, mark.size(), value);
  return text;
}

std::string quoted(std::string_view text) {
  std::string made = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == kArgument) {
      made += "${";
    } else if (c == kPlatform) {
      made += '{';
    } else if (c == kEnd) {
      made += '}';
    } else {
      if (text.substr(i, 2) == "${") made += '$';  // a plain one
      made += escaped(c);
    }
  }
  return made + "\"";
}

std::string array_of(const std::vector<std::string>& texts) {
  std::vector<std::string> all;
  all.reserve(texts.size());
  for (const auto& text : texts) all.push_back(quoted(text));
  return fmt::format("[{}]", fmt::join(all, ", "));
}

void set_member(RecipeMembers& members, const std::string& name, std::string json) {
  const auto found = std::find_if(members.begin(), members.end(), [&](const auto& one) { return one.first == name; });
  if (found != members.end()) {
    found->second = std::move(json);
  } else {
    members.emplace_back(name, std::move(json));
  }
}

void remove_member(RecipeMembers& members, std::string_view name) {
  std::erase_if(members, [&](const auto& one) { return one.first == name; });
}

std::string line_object(const RecipeMembers& members) {
  std::vector<std::string> all;
  all.reserve(members.size());
  for (const auto& [name, json] : members) all.push_back(fmt::format("{}: {}", quoted(name), json));
  return fmt::format("{{{}}}", fmt::join(all, ", "));
}

std::string tall_object(const RecipeMembers& members) {
  std::string text = "{\n";
  for (const auto& [name, json] : members) text += fmt::format("    {}: {},\n", quoted(name), json);
  return text + "  }";
}

}  // namespace ociassemble
