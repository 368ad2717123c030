// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/profiles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "recipe/import/draft.hpp"
#include "recipe/import/text.hpp"
#include "recipe/recipe_text.hpp"

namespace ociassemble {
namespace {

std::string joined_json(const std::vector<std::string>& parts, char open, char close) {
  std::string text(1, open);
  for (const auto& part : parts) text += (text.size() > 1 ? ", " : "") + part;
  return text + close;
}

// On one line.
std::string json_of(const RecipeNode& node) {
  if (node.is_null()) return "null";
  if (const auto* flag = std::get_if<bool>(&node.data)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<RecipeNode::Number>(&node.data)) return number->text;
  if (node.string() != nullptr) return plain_json_text(*node.string());
  std::vector<std::string> parts;
  if (node.array() != nullptr) {
    for (const auto& element : *node.array()) parts.push_back(json_of(element));
    return joined_json(parts, '[', ']');
  }
  for (const auto& member : *node.object())
    parts.push_back(fmt::format("{}: {}", plain_json_text(member.name), json_of(member.value)));
  return joined_json(parts, '{', '}');
}

RecipeNode node_of(const ImportedRecipe& recipe) {
  return read_recipe_text(fmt::format("{{\n{}}}\n", recipe.members), recipe.file).root;
}

// What makes `wanted` of `from`, as a merge patch.
RecipeNode::Object difference(const RecipeNode& from, const RecipeNode& wanted) {
  RecipeNode::Object patch;
  for (const auto& member : *wanted.object()) {
    const auto* before = from.find(member.name);
    if (before != nullptr && *before == member.value) continue;
    const bool is_deep = before != nullptr && before->object() != nullptr && member.value.object() != nullptr;
    patch.push_back(is_deep ? RecipeMember{member.name, 0, {difference(*before, member.value), 0}} : member);
  }
  for (const auto& member : *from.object()) {
    if (wanted.find(member.name) == nullptr) patch.push_back({member.name, 0, {}});
  }
  return patch;
}

RecipeNode take_arguments(RecipeNode& recipe) {
  auto& members = std::get<RecipeNode::Object>(recipe.data);
  const auto found =
      std::find_if(members.begin(), members.end(), [](const auto& member) { return member.name == "args"; });
  if (found == members.end()) return {RecipeNode::Object{}, 0};
  auto arguments = std::move(found->value);
  members.erase(found);
  return arguments;
}

class ProfileWriter {
 public:
  explicit ProfileWriter(const ImportedRecipe& recipe) : root_(node_of(recipe)) {
    arguments_ = take_arguments(root_);
    add_shared_notes(recipe);
  }

  void add(const ImportedProfile& profile) {
    notes_.emplace_back();
    add_notes(fmt::format("The profile {} is imported from {}.", profile.name, profile.recipe.file),
              profile.recipe.notes);
    auto wanted = node_of(profile.recipe);
    auto own = add_arguments(profile.name, take_arguments(wanted));
    auto patch = difference(root_, wanted);
    if (!own.empty()) patch.insert(patch.begin(), {"args", 0, {std::move(own), 0}});
    patches_.push_back({profile.name, 0, {std::move(patch), 0}});
  }

  std::string text() const {
    std::string text;
    for (const auto& line : notes_) text += line.empty() ? "//\n" : fmt::format("// {}\n", line);
    text += "{\n";
    const bool has_arguments = !arguments_.object()->empty();
    for (const auto& member : *root_.object()) {
      text += tall_member(member, 2);
      const bool is_last_before = member.name == (root_.find("platforms") != nullptr ? "platforms" : "base");
      if (is_last_before && has_arguments) text += fmt::format("  \"args\": {},\n", json_of(arguments_));
    }
    text += "  \"profiles\": {\n";
    for (const auto& patch : patches_) {
      text += fmt::format("    {}: {{\n", plain_json_text(patch.name));
      for (const auto& member : *patch.value.object()) text += tall_member(member, 6);
      text += "    },\n";
    }
    return text + "  },\n}\n";
  }

 private:
  void add_shared_notes(const ImportedRecipe& recipe) {
    add_notes(fmt::format("Imported from {}.", recipe.file), recipe.notes);
    shared_notes_ = notes_.size();
  }

  void add_notes(const std::string& head, const std::vector<std::string>& notes) {
    notes_.push_back(head);
    // Those of the recipe hold for its profiles, too.
    const auto count = static_cast<std::ptrdiff_t>(shared_notes_);
    std::copy_if(notes.begin(), notes.end(), std::back_inserter(notes_), [&](const auto& note) {
      const auto end = notes_.begin() + count;
      return std::find(notes_.begin(), end, note) == end;
    });
  }

  // Those of the profile that the recipe cannot have for all.
  RecipeNode::Object add_arguments(const std::string& profile, const RecipeNode& arguments) {
    auto& all = std::get<RecipeNode::Object>(arguments_.data);
    RecipeNode::Object own;
    for (const auto& argument : *arguments.object()) {
      const auto* known = arguments_.find(argument.name);
      if (known == nullptr) {
        all.push_back(argument);
      } else if (!(*known == argument.value) && argument.value.is_null()) {
        notes_.push_back(fmt::format("The argument {} has no default in the profile {}; here it has the recipe's.",
                                     argument.name, profile));
      } else if (!(*known == argument.value)) {
        own.push_back(argument);
      }
    }
    return own;
  }

  // Objects of the recipe's own members have a member a line.
  static std::string tall_member(const RecipeMember& member, std::size_t indent) {
    const std::string blanks(indent, ' ');
    const bool is_tall =
        (member.name == "binaries" || member.name == "files" || member.name == "env" || member.name == "labels") &&
        member.value.object() != nullptr;
    auto text = fmt::format("{}{}: ", blanks, plain_json_text(member.name));
    if (!is_tall) return text + json_of(member.value) + ",\n";
    text += "{\n";
    for (const auto& one : *member.value.object())
      text += fmt::format("{}  {}: {},\n", blanks, plain_json_text(one.name), json_of(one.value));
    return text + blanks + "},\n";
  }

  RecipeNode root_, arguments_;
  std::vector<std::string> notes_;
  std::size_t shared_notes_ = 0;
  RecipeNode::Object patches_;
};

}  // namespace

std::string recipe_with_profiles(const ImportedRecipe& recipe, const std::vector<ImportedProfile>& profiles) {
  if (!profiles.empty()) {
    ProfileWriter writer(recipe);
    for (const auto& profile : profiles) writer.add(profile);
    return writer.text();
  }
  std::string text = fmt::format("// Imported from {}.\n", recipe.file);
  for (const auto& line : recipe.notes) text += "// " + line + "\n";
  return text + "{\n" + recipe.members + "}\n";
}

}  // namespace ociassemble
