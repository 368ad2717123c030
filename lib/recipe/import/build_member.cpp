// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/build_member.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "recipe/import/text.hpp"

namespace ociassemble {
namespace {

// They are the image's platform.
bool is_target_variable(std::string_view name) {
  constexpr std::string_view kNames = " GOOS GOARCH GOARM GOAMD64 ";
  return kNames.find(fmt::format(" {} ", name)) != std::string_view::npos;
}

bool is_usual_target(std::string_view name, std::string_view value) {
  return value.empty() || holds_platform(value) || (name == "GOOS" && value == "linux") ||
         (name == "GOARCH" && value == "amd64");
}

bool holds_foreign(std::string_view text) { return holds_platform(text) || holds_base(text); }

}  // namespace

BuildMember build_member(const StageProgram& program, ImportNotes& notes) {
  const auto& command = program.command;
  const auto refuse = [](std::string why) { return BuildMember{{}, std::move(why), false}; };
  if (command.needs_shell) return refuse("a shell must run it");
  if (program.directory.empty()) return refuse("its folder is none of the context");
  if (program.package.ends_with("...")) return refuse("./... does not tell the program's package");
  if (program.package.find('@') != std::string::npos) return refuse("it builds a module of a version");
  std::vector<std::string> words{"go", "build"};
  words.insert(words.end(), command.flags.begin(), command.flags.end());
  words.insert(words.end(), {"-o", "{output}", program.package});
  if (std::any_of(words.begin(), words.end(), holds_foreign))
    return refuse("it uses the platform or the base's variables");
  RecipeMembers environment;
  bool uses_platform = false;
  for (const auto& [name, value] : command.environment) {
    if (name == "GOBIN") continue;
    if (is_target_variable(name)) {
      uses_platform = uses_platform || holds_platform(value);
      if (!is_usual_target(name, value))
        notes.add(fmt::format("Line {}: {}={} is the recipe's \"platforms\" here.", command.line, name, value));
    } else if (holds_foreign(value)) {
      return refuse("its environment uses the platform or the base's variables");
    } else {
      set_member(environment, name, json_text(value));
    }
  }
  RecipeMembers members{{"command", array_of(words)}};
  if (program.directory != ".") set_member(members, "directory", json_text(program.directory));
  if (!environment.empty()) set_member(members, "env", line_object(environment));
  return {line_object(members), {}, uses_platform};
}

}  // namespace ociassemble
