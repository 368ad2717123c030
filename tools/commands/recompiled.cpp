// SPDX-License-Identifier: Apache-2.0
#include "commands/recompiled.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>

#include "base/file_status.hpp"
#include "base/text.hpp"
#include "commands/compile.hpp"
#include "flags/build_arguments.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/provenance.hpp"

namespace ociassemble::tool {
namespace {

namespace fs = std::filesystem;

struct KnownBuilds {
  std::vector<RecipeBuild> builds;  // of all profiles, and of the recipe without one
  std::exception_ptr problem;       // of the first profile that could not be read
};

void add_builds(const Recipe& recipe, const RecipeSettings& settings, KnownBuilds& known) {
  try {
    const auto resolved = recipe.resolve(settings);
    known.builds.insert(known.builds.end(), resolved.builds.begin(), resolved.builds.end());
  } catch (const Error&) {
    if (!known.problem) known.problem = std::current_exception();
  }
}

// The platforms' names are those of the provenance, so that a recipe without platforms takes them, too.
KnownBuilds builds_of(const Recipe& recipe, const std::vector<std::string>& texts,
                      const std::vector<RecipeBuild>& wanted) {
  RecipeSettings settings;
  for (const auto& text : texts) settings.arguments.push_back(parse_assignment(text, "--set"));
  auto profiles = recipe.profiles();
  profiles.emplace_back();
  std::vector<Platform> platforms;
  for (const auto& build : wanted) {
    const bool is_new =
        build.platform && std::find(platforms.begin(), platforms.end(), *build.platform) == platforms.end();
    if (is_new) platforms.push_back(*build.platform);
  }
  KnownBuilds known;
  for (const auto& profile : profiles) {
    settings.profile = profile;
    settings.platforms = platforms;
    add_builds(recipe, settings, known);
  }
  return known;
}

bool has_output_word(const RecipeBuild& build) {
  const auto has = [](const std::string& text) { return text.find("{output}") != std::string::npos; };
  return std::any_of(build.command.begin(), build.command.end(), has) ||
         std::any_of(build.env.begin(), build.env.end(), [&](const auto& variable) { return has(variable.second); });
}

std::string words_of(const RecipeBuild& build) {
  std::string words;
  for (const auto& [name, value] : build.env) words.append(name).append("=").append(value).append(" ");
  return printable(words + fmt::format("{}", fmt::join(build.command, " ")));
}

std::string target_of(const RecipeBuild& build) {
  return printable(build.output.string()) + (build.platform ? " for " + build.platform->to_string() : "");
}

std::string difference_from(const RecipeBuild& wanted, const KnownBuilds& known, const fs::path& folder) {
  const auto near = std::find_if(known.builds.begin(), known.builds.end(), [&](const RecipeBuild& build) {
    return name_build(build, folder).output == wanted.output && build.platform == wanted.platform;
  });
  if (near == known.builds.end()) {
    if (known.problem) std::rethrow_exception(known.problem);
    return fmt::format("no \"build\" of the recipe makes {}; it was made by: {}", target_of(wanted), words_of(wanted));
  }
  return fmt::format("the command of {} differs: it was `{}` in {}, the recipe has `{}` in {}", target_of(wanted),
                     words_of(wanted), printable(wanted.directory.string()), words_of(*near),
                     printable(name_build(*near, folder).directory.string()));
}

}  // namespace

void RecompileFlags::add_to(CLI::App& app) {
  const char* group = "Programs";
  auto* compile =
      app.add_flag("--compile", compiles_,
                   "Compile the programs again, too, with the recipe's \"build\" commands, into a temporary "
                   "folder")
          ->group(group);
  app.add_option("-f,--file", file_, "Recipe with the commands (default: ociassemble.json in the inputs' folder)")
      ->type_name("FILE")
      ->needs(compile)
      ->group(group);
  app.add_option("--set", settings_, "Set an argument of the recipe; repeatable")
      ->type_name("NAME=VALUE")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false)
      ->needs(compile)
      ->group(group);
}

RecompileFlags::Result RecompileFlags::run(const std::vector<RecipeBuild>& wanted,
                                           const std::map<std::string, fs::path>& given, const fs::path& folder,
                                           const fs::path& into) const {
  if (wanted.empty()) {
    throw Error(ErrorCode::unsupported, "cannot compile: the provenance names no command that made a program",
                "build with --compile --provenance; or leave --compile out, and the programs are inputs");
  }
  const auto recipe = Recipe::read(file_.empty() ? folder / "ociassemble.json" : fs::path(file_));
  const auto named_from = recipe.file().parent_path().empty() ? fs::path(".") : recipe.file().parent_path();
  const auto known = builds_of(recipe, settings_, wanted);
  Result result;
  std::vector<RecipeBuild> commands;
  for (const auto& one : wanted) {
    if (given.count(one.output.string()) != 0) continue;
    const auto found = std::find_if(known.builds.begin(), known.builds.end(),
                                    [&](const RecipeBuild& build) { return name_build(build, named_from) == one; });
    if (found == known.builds.end()) {
      result.differences.push_back(difference_from(one, known, named_from));
      continue;
    }
    if (!has_output_word(*found)) {
      throw Error(ErrorCode::unsupported,
                  fmt::format("cannot compile {}: its command does not say where the program goes", target_of(one)),
                  "write {output} where the command names its result; nothing here is overwritten then");
    }
    auto command = *found;
    command.output = into / std::to_string(commands.size()) / one.output.filename();
    result.programs.emplace(one.output.string(), command.output);
    commands.push_back(std::move(command));
  }
  if (!result.differences.empty()) return {{}, std::move(result.differences)};
  compile(commands);
  return result;
}

}  // namespace ociassemble::tool
