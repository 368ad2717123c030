// SPDX-License-Identifier: Apache-2.0
#include "spec/json_printer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/escape.hpp"

namespace ociassemble {
namespace {

bool is_json_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Of the string that a valid text begins with, its quotes included.
std::size_t string_length(std::string_view text) noexcept {
  std::size_t at = 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

}  // namespace

JsonPrinter& JsonPrinter::key(std::string_view name) {
  separate();
  write(quoted_json(name));
  write(": ");
  after_key_ = true;
  return *this;
}

void JsonPrinter::value(std::string_view text) {
  separate();
  write(quoted_json(text));
}
void JsonPrinter::value(std::uint64_t number) {
  separate();
  write(fmt::format("{}", number));
}
void JsonPrinter::value(std::int64_t number) {
  separate();
  write(fmt::format("{}", number));
}
void JsonPrinter::value(bool flag) {
  separate();
  write(flag ? "true" : "false");
}
void JsonPrinter::value(const std::vector<std::string>& texts) {
  begin_array();
  for (const auto& text : texts) value(text);
  end_array();
}
void JsonPrinter::value(const std::set<std::string>& texts) {
  begin_array();
  for (const auto& text : texts) value(text);
  end_array();
}
void JsonPrinter::value(const std::map<std::string, std::string>& texts) {
  begin_object();
  for (const auto& [name, text] : texts) member(name, text);
  end_object();
}

void JsonPrinter::json(std::string_view text) {
  while (!text.empty()) {
    const char c = text.front();
    auto length = std::size_t{1};
    if (c == '{' || c == '[') {
      begin(c);
    } else if (c == '}' || c == ']') {
      end(c);
    } else if (c == ':') {
      write(": ");
      after_key_ = true;
    } else if (c != ',' && !is_json_blank(c)) {
      length = c == '"' ? string_length(text) : std::min(text.find_first_of(",:]} \t\r\n"), text.size());
      separate();
      write(c == '"' ? shown_json(text.substr(0, length)) : std::string(text.substr(0, length)));
    }
    text.remove_prefix(length);
  }
}

void JsonPrinter::finish() { write("\n"); }

void JsonPrinter::begin(char bracket) {
  separate();
  write({&bracket, 1});
  has_members_.push_back(false);
}

void JsonPrinter::end(char bracket) {
  const bool had_members = has_members_.back();
  has_members_.pop_back();
  if (had_members) write("\n" + std::string(2 * has_members_.size(), ' '));
  write({&bracket, 1});
}

// What stands before a key or value: nothing after a key; else a comma where one is due, and a line of its own.
void JsonPrinter::separate() {
  if (std::exchange(after_key_, false) || has_members_.empty()) return;
  write(has_members_.back() ? ",\n" : "\n");
  has_members_.back() = true;
  write(std::string(2 * has_members_.size(), ' '));
}

}  // namespace ociassemble
