// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/stages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "recipe/arguments.hpp"
#include "recipe/import/text.hpp"

namespace ociassemble {
namespace {

// What BuildKit says of the platform, in the recipe's words.
std::optional<std::string> platform_value(std::string_view name) {
  if (name == "TARGETOS") return platform_mark("os");
  if (name == "TARGETARCH") return platform_mark("arch");
  if (name == "TARGETVARIANT") return platform_mark("variant");
  if (name == "TARGETPLATFORM") return platform_mark("os") + "/" + platform_mark("arch");
  return {};
}

DockerVariables variables_of_from(const ImportArguments& arguments) {
  auto variables = arguments.global();
  for (const char* name : {"TARGETOS", "TARGETARCH", "TARGETVARIANT", "TARGETPLATFORM"}) {
    variables.emplace(name, *platform_value(name));
  }
  return variables;
}

bool is_as(std::string_view word) {
  return word.size() == 2 && (word[0] == 'A' || word[0] == 'a') && (word[1] == 'S' || word[1] == 's');
}

ImportStage begin_stage(const Dockerfile& file, const DockerInstruction& made, const ImportArguments& arguments) {
  const auto words = file.words(made, made.text, variables_of_from(arguments));
  const bool is_named = words.size() == 3 && is_as(words[1]);
  if (words.size() != 1 && !is_named) file.refuse(made.line, "FROM is not IMAGE [AS NAME]");
  if (words[0].empty()) file.refuse(made.line, "the base is empty", "declare its argument before the first FROM");
  return {is_named ? words[2] : "", words[0], {}, ""};
}

// The whole command that builds a program by go; empty for another.
std::string go_build_of(const DockerInstruction& made) {
  if (made.name != "RUN") return {};
  auto command = made.heredocs.empty() ? made.text : std::string();
  for (const auto& body : made.heredocs) command += body;
  const bool builds = command.find("go build") != std::string::npos || command.find("go install") != std::string::npos;
  return builds ? command : std::string();
}

}  // namespace

void ImportArguments::declare(const DockerInstruction& made, DockerVariables& variables,
                              const DockerVariables& environment) {
  for (const auto& word : file_.words(made, made.text, variables)) {
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    if (environment.count(name) != 0) continue;
    const auto given = given_.find(name);
    const auto outer = global_.find(name);
    if (given != given_.end()) {
      variables[name] = remember(name, given->second);
    } else if (equals != std::string::npos) {
      variables[name] = remember(name, word.substr(equals + 1));
    } else if (const auto platform = platform_value(name)) {
      variables[name] = *platform;
    } else {
      variables[name] = outer != global_.end() ? outer->second : remember(name, std::nullopt);
    }
  }
}

// What the variable stands for: the recipe's argument, or the value when the argument cannot have it.
std::string ImportArguments::remember(const std::string& name, std::optional<std::string> value) {
  const auto found =
      std::find_if(arguments_.begin(), arguments_.end(), [&](const auto& argument) { return argument.first == name; });
  const bool is_other = found != arguments_.end() && found->second != value;
  // A default may use the arguments before it, and the platform's words stand in paths only.
  if (!is_argument_name(name) || is_other || holds_platform(value.value_or(""))) return value.value_or("");
  if (found == arguments_.end()) arguments_.insert(arguments_.begin(), {name, std::move(value)});
  return argument_mark(name);
}

std::string ImportArguments::plain(std::string text) const {
  // A default may hold marks of those that were declared before it, and come later here.
  for (const auto& [name, value] : arguments_) text = without_mark(std::move(text), name, value.value_or(""));
  return text;
}

std::string ImportArguments::json(std::string_view recipe) const {
  std::string uses(recipe);
  RecipeMembers members;
  for (const auto& [name, value] : arguments_) {
    if (uses.find(fmt::format("${{{}}}", name)) == std::string::npos) continue;
    members.insert(members.begin(), {name, value ? quoted(*value) : "null"});
    uses += members.front().second;
  }
  return members.empty() ? std::string() : line_object(members);
}

std::vector<ImportStage> divide_stages(const Dockerfile& file, ImportArguments& arguments) {
  std::vector<ImportStage> stages;
  for (const auto& made : file.instructions) {
    if (made.name == "FROM") {
      stages.push_back(begin_stage(file, made, arguments));
    } else if (!stages.empty()) {
      stages.back().instructions.push_back(&made);
      if (auto command = go_build_of(made); !command.empty()) stages.back().go_build = std::move(command);
    } else if (made.name == "ARG") {
      arguments.declare_globally(made);
    } else {
      file.refuse(made.line, made.name + " stands before the first FROM");
    }
  }
  if (stages.empty()) file.refuse(1, "there is no FROM");
  return stages;
}

std::optional<std::size_t> find_stage(const std::vector<ImportStage>& stages, std::string_view name,
                                      std::size_t count) {
  std::size_t number = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (failure == std::errc() && end == name.data() + name.size() && number < count) return number;
  for (auto i = count; i > 0; --i) {
    if (!name.empty() && stages[i - 1].name == name) return i - 1;
  }
  return {};
}

}  // namespace ociassemble
