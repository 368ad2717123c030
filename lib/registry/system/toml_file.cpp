// SPDX-License-Identifier: Apache-2.0
#include "registry/system/toml_file.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {

void throw_not_toml() { throw std::logic_error("it is not TOML"); }

namespace {

constexpr std::ptrdiff_t kMostDots = 64;  // of a line; a key "a.b.c" is a table in a table

// toml++ bounds the nesting of values, but not that of keys.
void check_depth(std::string_view text, const std::string& name) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto one = text.substr(0, end);
    const bool comment = one.find_first_not_of(" \t") == one.find('#');
    if (!comment && std::ranges::count(one, '.') > kMostDots)
      throw Error(ErrorCode::corrupt, fmt::format("{}:{}: a key is nested too deep", name, line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

toml::table parse_text(std::string_view text, const std::string& name) {
  check_depth(text, name);
  try {
    return toml::parse(text);
  } catch (const std::logic_error&) {
    throw Error(ErrorCode::corrupt, fmt::format("{}: it is not TOML", name));
  } catch (const toml::parse_error& error) {
    throw Error(ErrorCode::corrupt,
                fmt::format("{}:{}: {}", name, error.source().begin.line, excerpt(std::string(error.description()))));
  }
}

}  // namespace

TomlFile::TomlFile(std::string_view text, std::string name) : name_(std::move(name)), root_(parse_text(text, name_)) {}

std::string TomlFile::text(const toml::table& table, std::string_view key) const {
  const auto* node = table.get(key);
  if (node == nullptr) return {};
  if (const auto* text = node->as_string()) return text->get();
  refuse(*node, fmt::format("{} is not a string", key));
}

bool TomlFile::flag(const toml::table& table, std::string_view key) const {
  const auto* node = table.get(key);
  if (node == nullptr) return false;
  if (const auto* flag = node->as_boolean()) return flag->get();
  refuse(*node, fmt::format("{} is neither true nor false", key));
}

std::vector<std::string> TomlFile::texts(const toml::table& table, std::string_view key) const {
  const auto* node = table.get(key);
  if (node == nullptr) return {};
  if (const auto* text = node->as_string()) return {text->get()};
  std::vector<std::string> all;
  if (const auto* array = node->as_array()) {
    for (const auto& each : *array) {
      if (const auto* text = each.as_string()) all.push_back(text->get());
    }
    if (all.size() == array->size()) return all;
  }
  refuse(*node, fmt::format("{} is neither a string nor an array of strings", key));
}

std::vector<const toml::table*> TomlFile::tables(const toml::table& table, std::string_view key) const {
  const auto* node = table.get(key);
  if (node == nullptr) return {};
  std::vector<const toml::table*> all;
  if (const auto* array = node->as_array()) {
    for (const auto& each : *array) {
      if (const auto* member = each.as_table()) all.push_back(member);
    }
    if (all.size() == array->size()) return all;
  }
  refuse(*node, fmt::format("{} is not an array of tables", key));
}

const toml::table* TomlFile::table(const toml::table& parent, std::string_view key) const {
  const auto* node = parent.get(key);
  if (node == nullptr) return nullptr;
  if (const auto* found = node->as_table()) return found;
  refuse(*node, fmt::format("{} is not a table", key));
}

std::string TomlFile::place(const toml::node& node) const {
  return fmt::format("{}:{}", name_, node.source().begin.line);
}

void TomlFile::refuse(const toml::node& node, std::string_view cause) const {
  throw Error(ErrorCode::corrupt, fmt::format("{}: {}", place(node), cause));
}

}  // namespace ociassemble
