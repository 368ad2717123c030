// SPDX-License-Identifier: Apache-2.0
#include "recipe/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "recipe/base_variables.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLongestExpansion = std::size_t{1} << 20U;
constexpr std::size_t kMostExpansions = std::size_t{16} << 20U;

}  // namespace

bool is_argument_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

Arguments::Arguments(const RecipeText& text, const RecipeNode* args,
                     const std::vector<std::pair<std::string, std::string>>& settings)
    : text_(text) {
  if (args == nullptr) return;
  for (const auto& [name, at, value] : *args->object()) {
    const auto set = std::find_if(settings.rbegin(), settings.rend(),
                                  [&name = name](const auto& setting) { return setting.first == name; });
    if (set != settings.rend()) {
      values_[name] = set->second;
    } else if (value.is_null()) {
      values_[name] = std::nullopt;
    } else {
      made_ = name;
      values_[name] = expand_text(*value.string(), value.at);
    }
  }
  made_.clear();
}

// Each argument may hold the one before ten times.
void Arguments::check_size(std::string_view argument, std::size_t size, std::size_t at) const {
  if (size <= kLongestExpansion && expanded_ <= kMostExpansions) return;
  const auto what = made_.empty() ? fmt::format("the text with the argument {}", argument)
                                  : fmt::format("the value of the argument {}, which has {} in it,", made_, argument);
  const auto cause = size > kLongestExpansion ? fmt::format("{} is over 1 MiB", what)
                                              : fmt::format("all texts with arguments are over 16 MiB: {}", what);
  throw Error(ErrorCode::unsupported, fmt::format("{}: {}: {}", text_.place(at), text_.member_at(at), cause),
              "arguments that hold others several times grow with each; shorten them");
}

const std::optional<std::string>& Arguments::find(const std::string& name, std::size_t at) const {
  const auto found = values_.find(name);
  if (found != values_.end()) return found->second;
  std::vector<std::string_view> names;
  for (const auto& [known, value] : values_) names.emplace_back(known);
  const auto near = nearest(name, names);
  text_.refuse(at, fmt::format("no argument is called {}", printable(name)),
               near ? fmt::format("did you mean ${{{}}}?", *near)
                    : fmt::format("declare it: \"args\": {{\"{}\": \"DEFAULT\"}}; or write $${{ for a plain ${{",
                                  printable(name)));
}

const std::string& Arguments::value_of(const std::string& name, std::size_t at) const {
  const auto& value = find(name, at);
  if (!value) {
    text_.refuse(at, fmt::format("the argument {} is not set, and has no default", name),
                 fmt::format("add --set {}=VALUE", name));
  }
  return *value;
}

std::string Arguments::expand_reference(const VariableReference& reference, std::size_t at) const {
  const auto word = [&] { return expand_text(std::string(reference.word), at); };
  if (reference.is_of_base) return base_variable_mark(reference.name, reference.operation, word());
  if (reference.operation.empty()) return value_of(reference.name, at);
  const auto& value = find(reference.name, at);
  const bool is_there = value && !(reference.operation.front() == ':' && value->empty());
  if (reference.operation.back() == '+') return is_there ? word() : std::string();
  return is_there ? *value : word();
}

std::string Arguments::expand_text(const std::string& text, std::size_t at) const {
  std::string result;
  if (holds_base_variable(text))
    text_.refuse(at, "a character that Unicode does not assign", "remove U+FDD0 and U+FDD1");
  for (std::size_t begin = 0;;) {
    const auto dollar = text.find("${", begin);
    if (dollar == std::string::npos) return result + text.substr(begin);
    if (dollar > begin && text[dollar - 1] == '$') {
      result.append(text, begin, dollar - 1 - begin).append("${");
      begin = dollar + 2;
      continue;
    }
    const auto reference = read_reference(std::string_view(text).substr(dollar));
    if (!reference) {
      text_.refuse(at, "a \"${\" without the name of an argument and a }", "write ${NAME}, or $${ for a plain ${");
    }
    const auto value = expand_reference(*reference, at);
    expanded_ += value.size();
    check_size(reference->name, result.size() + value.size(), at);
    result.append(text, begin, dollar - begin).append(value);
    begin = dollar + reference->length;
  }
}

void Arguments::expand_names(RecipeNode::Object& members) const {
  std::set<std::string_view> names;
  for (auto& member : members) {
    member.name = expand_text(member.name, member.at);
    if (!names.insert(member.name).second)
      text_.refuse(member.at, fmt::format("{} is there twice, with its arguments put in", printable(member.name)),
                   "give one of them another name");
  }
}

// Recursion is bounded by the depth that was read.
RecipeNode Arguments::expand(RecipeNode node) const {
  if (auto* text = std::get_if<std::string>(&node.data)) *text = expand_text(*text, node.at);
  if (auto* elements = std::get_if<RecipeNode::Array>(&node.data)) {
    for (auto& element : *elements) element = expand(std::move(element));
  }
  if (auto* members = std::get_if<RecipeNode::Object>(&node.data)) {
    expand_names(*members);
    for (auto& member : *members) member.value = expand(std::move(member.value));
  }
  return node;
}

std::optional<RecipeNode> Arguments::try_expand(RecipeNode node) const {
  try {
    return expand(std::move(node));
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace ociassemble
