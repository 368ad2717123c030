// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/command_words.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

[[noreturn]] void reject_words(std::string_view text, std::string_view why) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot parse command \"{}\": {}", text, why),
              R"(write plain words, or a JSON array such as '["/app", "--name", "a b"]')");
}

std::vector<std::string> parse_array(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_array()) reject_words(text, "it begins like a JSON array but is not one");
  std::vector<std::string> words;
  for (const auto& word : json) {
    if (!word.is_string()) reject_words(text, "an element of the JSON array is not a string");
    words.push_back(word.get<std::string>());
  }
  return words;
}

}  // namespace

std::vector<std::string> parse_command_words(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) reject_words(text.substr(0, text.find('\0')), "it holds a NUL byte");
  const auto first = text.find_first_not_of(" \t");
  if (first != std::string_view::npos && text[first] == '[') return parse_array(text);
  if (text.find_first_of("\"'\\") != std::string_view::npos) reject_words(text, "it holds quotes or escapes");
  std::vector<std::string> words;
  for (auto begin = first; begin != std::string_view::npos;) {
    const auto end = std::min(text.find_first_of(" \t", begin), text.size());
    words.emplace_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(" \t", end);
  }
  return words;
}

}  // namespace ociassemble
