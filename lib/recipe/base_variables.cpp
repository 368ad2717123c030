// SPDX-License-Identifier: Apache-2.0
#include "recipe/base_variables.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "recipe/arguments.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kOpen = "\xEF\xB7\x90";   // U+FDD0
constexpr std::string_view kClose = "\xEF\xB7\x91";  // U+FDD1
constexpr std::size_t kDeepest = 32;
constexpr std::string_view kBasePrefix = "base.";

// The length of "-", ":-", "+" or ":+" at the beginning; 0 without one.
std::size_t operation_length(std::string_view text) {
  const std::size_t colon = text.starts_with(':') ? 1 : 0;
  const auto kind = text.substr(colon, 1);
  return kind == "-" || kind == "+" ? colon + 1 : 0;
}

// Of the mark at the beginning, to its own end.
std::size_t mark_length(std::string_view text) {
  std::size_t depth = 0, at = 0;
  do {
    const auto open = text.find(kOpen, at);
    const auto close = text.find(kClose, at);
    depth = open < close ? depth + 1 : depth - 1;
    at = std::min(open, close) + kOpen.size();
  } while (depth > 0);
  return at;
}

}  // namespace

std::optional<VariableReference> read_reference(std::string_view text) {
  VariableReference reference;
  std::size_t open = 1, end = 2;
  for (; end < text.size() && open > 0; ++end) {
    if (text.substr(end, 2) == "${" && ++open > kDeepest) return {};
    if (text[end] == '}') --open;
  }
  if (open > 0) return {};
  auto inner = text.substr(2, end - 3);
  reference.length = end;
  reference.is_of_base = inner.starts_with(kBasePrefix);
  if (reference.is_of_base) inner.remove_prefix(kBasePrefix.size());
  const auto name = inner.substr(0, inner.find_first_of(":-+"));
  const auto rest = inner.substr(name.size());
  const auto length = operation_length(rest);
  if (!is_argument_name(name) || (length == 0 && !rest.empty())) return {};
  reference.name = name;
  reference.operation = rest.substr(0, length);
  reference.word = rest.substr(length);
  return reference;
}

std::string base_variable_mark(std::string_view name, std::string_view operation, std::string_view word) {
  return fmt::format("{}{}{}{}{}", kOpen, name, operation, word, kClose);
}

bool holds_base_variable(std::string_view text) {
  return text.find(kOpen) != std::string_view::npos || text.find(kClose) != std::string_view::npos;
}

// The word of a mark may hold marks; the depth is bounded by that of the "${" in the recipe's text.
EnvTemplate env_template(std::string_view text) {
  EnvTemplate parts;
  while (!text.empty()) {
    const auto open = std::min(text.find(kOpen), text.size());
    if (open > 0) parts.push_back({std::string(text.substr(0, open)), {}});
    text.remove_prefix(open);
    if (text.empty()) break;
    const auto length = mark_length(text);
    const auto inner = text.substr(kOpen.size(), length - kOpen.size() - kClose.size());
    const auto name = inner.substr(0, inner.find_first_of(":-+"));
    const auto operation = inner.substr(name.size(), operation_length(inner.substr(name.size())));
    parts.push_back({{},
                     BaseVariable{std::string(name), std::string(operation),
                                  env_template(inner.substr(name.size() + operation.size()))}});
    text.remove_prefix(length);
  }
  return parts;
}

}  // namespace ociassemble
