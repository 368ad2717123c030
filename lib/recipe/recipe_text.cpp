// SPDX-License-Identifier: Apache-2.0
#include "recipe/recipe_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

bool is_word(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '$';
  });
}

// Recursion is bounded by the depth that was read.
std::optional<std::string> find_place(const RecipeNode& node, const std::string& path, std::size_t at) {
  if (node.at == at) return path;
  if (const auto* members = node.object()) {
    for (const auto& [name, name_at, value] : *members) {
      if (name_at == at) return member_path(path, name);
      if (auto found = find_place(value, member_path(path, name), at)) return found;
    }
  }
  if (const auto* elements = node.array()) {
    for (std::size_t i = 0; i < elements->size(); ++i) {
      if (auto found = find_place((*elements)[i], element_path(path, i), at)) return found;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string member_path(const std::string& object, std::string_view name) {
  if (!is_word(name)) return fmt::format("{}[\"{}\"]", object, printable(name));
  return object.empty() ? std::string(name) : fmt::format("{}.{}", object, name);
}

std::string element_path(const std::string& array, std::size_t index) { return fmt::format("{}[{}]", array, index); }

std::string RecipeText::place(std::size_t at) const {
  const auto before = std::string_view(text).substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto column = 1 + std::count_if(before.begin() + static_cast<std::ptrdiff_t>(line_begin), before.end(),
                                        [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  return fmt::format("{}:{}:{}", file, line, column);
}

std::string RecipeText::member_at(std::size_t at) const {
  const auto found = find_place(root, "", at);
  return found && !found->empty() ? *found : "recipe";
}

void RecipeText::refuse(std::size_t at, std::string_view cause, std::string hint) const {
  refuse(at, member_at(at), cause, std::move(hint));
}

void RecipeText::refuse(std::size_t at, std::string_view member, std::string_view cause, std::string hint) const {
  throw Error(ErrorCode::invalid_argument,
              fmt::format("{}: {}: {}", place(at), member.empty() ? "recipe" : member, cause), std::move(hint));
}

}  // namespace ociassemble
