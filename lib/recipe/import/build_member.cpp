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

bool holds_foreign(std::string_view text) { return holds_platform(text) || holds_base(text); }

std::string value_in(const GoCommand& command, std::string_view wanted) {
  for (const auto& [name, value] : command.environment) {
    if (name == wanted) return value;
  }
  return {};
}

// Empty when the command leaves the processor open.
std::string fixed_platform(const GoCommand& command) {
  const auto arch = value_in(command, "GOARCH");
  const auto os = value_in(command, "GOOS");
  const auto arm = value_in(command, "GOARM");
  if (arch.empty() || holds_foreign(arch) || holds_foreign(os)) return {};
  auto platform = fmt::format("{}/{}", os.empty() ? "linux" : os, arch);
  if (arch == "arm" && !arm.empty() && !holds_foreign(arm)) platform += "/v" + arm.substr(0, arm.find(','));
  return platform;
}

// Relative to the folder where the command runs.
std::optional<std::string> package_in(const std::string& folder, const std::string& package) {
  if (!package.starts_with('/')) return package;
  const auto path = joined_path("/", package);
  if (path == folder) return ".";
  const auto above = folder == "/" ? folder : folder + "/";
  if (!path.starts_with(above)) return {};
  return "./" + path.substr(above.size());
}

}  // namespace

BuildMember build_member(const StageProgram& program, ImportNotes& notes) {
  const auto& command = program.command;
  BuildMember made;
  made.platform = command.needs_shell ? std::string() : fixed_platform(command);
  made.uses_platform = command.is_for_target;
  const auto refuse = [&](std::string why) {
    made.reason = std::move(why);
    return made;
  };
  if (command.needs_shell) return refuse("a shell must run it");
  if (program.directory.empty()) return refuse("its folder is none of the context");
  if (program.package.ends_with("...")) return refuse("./... does not tell the program's package");
  if (program.package.find('@') != std::string::npos) return refuse("it builds a module of a version");
  const auto package = package_in(command.directory, program.package);
  if (!package) return refuse("its package is a path of the stage");
  std::vector<std::string> words{"go", "build"};
  words.insert(words.end(), command.flags.begin(), command.flags.end());
  words.insert(words.end(), {"-o", "{output}", *package});
  if (std::any_of(words.begin(), words.end(), holds_foreign))
    return refuse("it uses the platform or the base's variables");
  RecipeMembers environment;
  for (const auto& [name, value] : command.environment) {
    if (name == "GOBIN") continue;
    if (is_target_variable(name)) {
      made.uses_platform = made.uses_platform || holds_platform(value);
      if (name == "GOAMD64" && !value.empty() && !holds_platform(value))
        notes.add(command.line, fmt::format("GOAMD64={} is not carried over; name linux/amd64/{} under \"platforms\".",
                                            value, value));
    } else if (holds_foreign(value)) {
      return refuse("its environment uses the platform or the base's variables");
    } else {
      set_member(environment, name, json_text(value));
    }
  }
  RecipeMembers members{{"command", array_of(words)}};
  if (program.directory != ".") set_member(members, "directory", json_text(program.directory));
  if (!environment.empty()) set_member(members, "env", line_object(environment));
  made.json = line_object(members);
  return made;
}

}  // namespace ociassemble
