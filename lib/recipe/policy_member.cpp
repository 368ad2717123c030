// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ociassemble/error.hpp"
#include "recipe/member_reader.hpp"
#include "recipe/members.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {
namespace {

// Recursion is bounded by the depth that was read. What a profile removed is left out.
std::string node_as_json(const RecipeNode& node) {
  if (const auto* text = node.string()) return json_string(*text);
  if (const auto* number = std::get_if<RecipeNode::Number>(&node.data)) return number->text;
  if (const auto* flag = std::get_if<bool>(&node.data)) return *flag ? "true" : "false";
  std::string json;
  if (const auto* elements = node.array()) {
    for (const auto& element : *elements) json += (json.empty() ? "" : ",") + node_as_json(element);
    return "[" + json + "]";
  }
  if (node.object() == nullptr) return "null";
  for (const auto& member : *node.object()) {
    if (member.value.is_null()) continue;
    json += (json.empty() ? "" : ",") + json_string(member.name) + ":" + node_as_json(member.value);
  }
  return "{" + json + "}";
}

std::size_t line_at(const RecipeText& text, std::size_t at) {
  const auto before = std::string_view(text.text).substr(0, at);
  return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
}

// Findings are shown where the recipe asks for their rule, else at its policy.
void set_places(const RecipeText& text, const RecipeNode& node, Policy& policy) {
  const auto place_of = [&](std::size_t at) { return FindingPlace{text.file, line_at(text, at)}; };
  for (auto& [name, setting] : policy.rules) setting.place = place_of(node.at);
  for (const auto* rules : {&node, node.find("rules")}) {
    if (rules == nullptr || rules->object() == nullptr) continue;
    for (const auto& member : *rules->object()) {
      const auto found = policy.rules.find(member.name);
      if (found != policy.rules.end()) found->second.place = place_of(member.at);
    }
  }
  const auto* exceptions = node.find("except");
  if (exceptions == nullptr || exceptions->array() == nullptr) return;
  for (std::size_t i = 0; i < std::min(policy.exceptions.size(), exceptions->array()->size()); ++i)
    policy.exceptions[i].place = place_of((*exceptions->array())[i].at);
}

}  // namespace

std::optional<Policy> Members::policy() const {
  const auto* node = recipe_.find("policy");
  if (node == nullptr) return {};
  const MemberReader reader(text_, folder_, std::nullopt);
  try {
    if (node->string() != nullptr) return Policy::read(reader.path(*node));
    auto policy = Policy::parse(node_as_json(*node), text_.file);
    set_places(text_, *node, policy);
    return policy;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::io) throw;
    // Of a policy in the recipe the text names the recipe once.
    std::string cause = error.what();
    for (const auto& known :
         {fmt::format("cannot use {}: ", text_.file), fmt::format("cannot parse {}: ", text_.file)}) {
      if (cause.starts_with(known)) cause.erase(0, known.size());
    }
    reader.refuse(*node, cause, error.hint().empty() ? "docs/policy.md describes policies" : error.hint());
  }
}

}  // namespace ociassemble
