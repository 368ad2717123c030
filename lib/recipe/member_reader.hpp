// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assemble/platform_words.hpp"
#include "base/text.hpp"
#include "ociassemble/command_words.hpp"
#include "ociassemble/document.hpp"
#include "ociassemble/error.hpp"
#include "recipe/members.hpp"
#include "recipe/recipe_text.hpp"

namespace ociassemble {

// Reads the values of a recipe's members: texts, words, paths, numbers. What is wrong with one is an error that names
// its place.
class MemberReader {
 public:
  MemberReader(const RecipeText& text, const std::filesystem::path& folder, const std::optional<Platform>& platform,
               Members::Places* places = nullptr)
      : text_(text), folder_(folder), platform_(platform), places_(places) {}

  [[noreturn]] void refuse(const RecipeNode& node, std::string_view cause, std::string hint) const {
    text_.refuse(node.at, cause, std::move(hint));
  }

  // What `read` makes of the node's text; its complaint gets the place.
  template <class Read>
  auto parsed(const RecipeNode& node, Read read) const {
    try {
      return read(*node.string());
    } catch (const Error& error) {
      if (error.code() != ErrorCode::invalid_argument) throw;
      refuse(node, error.what(), error.hint().empty() ? "correct the value" : error.hint());
    }
  }

  std::string text(const RecipeNode& node) const {
    if (node.string()->empty()) refuse(node, "the text is empty", "leave the member out, or write a value");
    return *node.string();
  }

  std::vector<std::string> texts(const RecipeNode& node) const {
    std::vector<std::string> values;
    for (const auto& element : *node.array()) values.push_back(text(element));
    return values;
  }

  std::vector<std::string> words(const RecipeNode& node) const {
    if (node.string() != nullptr) return parsed(node, [](const auto& line) { return parse_command_words(line); });
    std::vector<std::string> values;
    for (const auto& element : *node.array()) values.push_back(*element.string());
    return values;
  }

  std::uint32_t number(const RecipeNode& node, std::uint32_t largest) const {
    const auto& digits = std::get<RecipeNode::Number>(node.data).text;
    std::uint32_t value = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (failure != std::errc() || end != digits.data() + digits.size() || value > largest) {
      refuse(node, fmt::format("{} is no whole number from 0 to {}", printable(digits), largest),
             "write a number of that range");
    }
    return value;
  }

  // A path of the host, with the platform put in, taken from the recipe's folder.
  std::filesystem::path path(const RecipeNode& node) const {
    auto path = folder_ / with_platform(node);
    note(ValueKind::path, path.string(), node.at);
    return path;
  }

  // Remembers where the value is, for errors that only assembling finds.
  void note(ValueKind kind, const std::string& value, std::size_t at) const {
    if (places_ != nullptr) places_->emplace(std::pair(kind, value), at);
  }

  // "FILE:LINE:COLUMN: MEMBER", as AssembleOptions::place_of gives it.
  std::string place(const RecipeNode& node) const {
    return fmt::format("{}: {}", text_.place(node.at), text_.member_at(node.at));
  }

  std::string with_platform(const RecipeNode& node) const {
    return fill_braces(text(node), [&](std::string_view name) { return placeholder(node, name); });
  }

  std::string host_or_path(const RecipeNode& node, ValueKind kind) const {
    auto value = text(node) == "host" ? "host" : path(node).string();
    note(kind, value, node.at);
    return value;
  }

 private:
  std::optional<std::string> placeholder(const RecipeNode& node, std::string_view name) const {
    auto value = platform_word(platform_ ? *platform_ : host_platform(), name);
    if (!value) {
      refuse(node, fmt::format("nothing is called {{{}}}", printable(name)),
             "what is put into paths is {os}, {arch} and {variant}; an argument is ${NAME}");
    }
    return value;
  }

  const RecipeText& text_;
  const std::filesystem::path& folder_;
  const std::optional<Platform>& platform_;
  Members::Places* places_;
};

template <class Use>
void with_member(const RecipeNode& object, std::string_view name, Use use) {
  if (const auto* value = object.find(name)) use(*value);
}

inline const RecipeNode& source_of(const MemberReader& reader, const RecipeNode& input) {
  const auto* source = input.string() != nullptr ? &input : input.find("source");
  if (source == nullptr) {
    reader.refuse(input, "no source", R"(add "source": "PATH"; a profile's object replaces a path whole)");
  }
  return *source;
}

inline std::map<std::string, std::string> text_map(const RecipeNode& node) {
  std::map<std::string, std::string> values;
  for (const auto& member : *node.object()) values[member.name] = *member.value.string();
  return values;
}

}  // namespace ociassemble
