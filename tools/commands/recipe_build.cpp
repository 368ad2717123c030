// SPDX-License-Identifier: Apache-2.0
#include "commands/recipe_build.hpp"

#include <CLI/CLI.hpp>

#include <map>
#include <utility>

#include "base/file_status.hpp"
#include "flags/build_arguments.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble::tool {
namespace {

constexpr std::string_view kPlaceholder = "{profile}";

// What two images cannot both be: an archive holds one.
std::string place_of(const Location& target) {
  const bool is_archive = target.kind == Location::Kind::oci_archive || target.kind == Location::Kind::docker_archive;
  return is_archive ? target.path.lexically_normal().string() : target.to_string();
}

}  // namespace

void RecipeFlags::add_to(CLI::App& app) {
  const char* group = "Recipe";
  app.add_option("-f,--file", file_, "Recipe to build (default: ociassemble.json if it exists)")
      ->type_name("FILE")
      ->group(group);
  auto* profile = app.add_option("--profile", profiles_, "Build this profile of the recipe; repeatable")
                      ->type_name("NAME")
                      ->take_all()
                      ->expected(1)
                      ->group(group);
  app.add_flag("--all-profiles", all_profiles_, "Build every profile of the recipe")->excludes(profile)->group(group);
  app.add_flag("--compile", compiles_, "Run the recipe's \"build\" commands first")->group(group);
  app.add_option("--set", settings_, "Set an argument of the recipe; repeatable")
      ->type_name("NAME=VALUE")
      ->take_all()
      ->expected(1)
      ->group(group);
}

bool RecipeFlags::is_here() { return is_there(kRecipeFileName); }

std::optional<Recipe> RecipeFlags::find(bool inputs_named) const {
  const bool asked = all_profiles_ || compiles_ || !profiles_.empty() || !settings_.empty();
  if (file_) return Recipe::read(*file_);
  const bool has_recipe = is_here();
  if (asked && !has_recipe) {
    throw Error(ErrorCode::not_found, "cannot build a recipe: there is no ociassemble.json here",
                "name the recipe by -f FILE, or leave --profile, --all-profiles, --compile and --set out");
  }
  if (asked || (has_recipe && !inputs_named)) return Recipe::read(kRecipeFileName);
  return std::nullopt;
}

void RecipeFlags::require_none(const std::string& command) const {
  if (!file_ && !all_profiles_ && !compiles_ && profiles_.empty() && settings_.empty()) return;
  throw Error(ErrorCode::invalid_argument, "cannot " + command + " a recipe and an image at once",
              "leave IMAGE out, or -f, --profile, --all-profiles, --compile and --set");
}

std::vector<ResolvedRecipe> RecipeFlags::resolve(const Recipe& recipe, const std::vector<Platform>& platforms) const {
  RecipeSettings settings;
  settings.platforms = platforms;
  for (const auto& text : settings_) settings.arguments.push_back(parse_assignment(text, "--set"));
  auto profiles = all_profiles_ ? recipe.profiles() : profiles_;
  if (all_profiles_ && profiles.empty()) {
    throw Error(ErrorCode::invalid_argument, "cannot build all profiles: " + recipe.file().string() + " has none",
                "leave --all-profiles out");
  }
  if (profiles.empty()) profiles.emplace_back();
  std::vector<ResolvedRecipe> resolved;
  for (const auto& profile : profiles) {
    settings.profile = profile;
    resolved.push_back(recipe.resolve(settings));
  }
  return resolved;
}

std::string with_profile(std::string text, const std::string& profile) {
  for (auto at = text.find(kPlaceholder); at != std::string::npos; at = text.find(kPlaceholder, at + profile.size())) {
    if (profile.empty()) {
      throw Error(ErrorCode::invalid_argument, "cannot use " + text + ": {profile} without a profile",
                  "add --profile NAME or --all-profiles");
    }
    text.replace(at, kPlaceholder.size(), profile);
  }
  return text;
}

namespace {

// The repository that tags of an archive are in: the one that it names, else the file's own name.
std::optional<Reference> archive_repository(const Location& target) {
  if (target.name) {
    const auto reference = Reference::parse(*target.name);
    return reference.tag() || reference.digest() ? std::nullopt : std::optional(reference);
  }
  try {
    return Reference::parse(target.path.stem().string());
  } catch (const Error&) {
    return {};
  }
}

// One archive under several names.
std::vector<Location> archive_with_tags(const Location& target, const std::vector<std::string>& tags) {
  const auto repository = archive_repository(target);
  if (!repository) return {target};
  std::vector<Location> targets;
  for (const auto& tag : tags) {
    targets.push_back(target);
    targets.back().name = Reference::parse(repository->name() + ":" + tag).to_string();
  }
  return targets;
}

}  // namespace

std::vector<Location> with_tags(const Location& target, const std::vector<std::string>& tags) {
  const bool unnamed_layout = target.kind == Location::Kind::oci_layout && !target.name;
  const bool unnamed_reference = target.reference && !target.reference->tag() && !target.reference->digest();
  if (target.kind == Location::Kind::docker_archive && !tags.empty()) return archive_with_tags(target, tags);
  if (tags.empty() || !(unnamed_layout || unnamed_reference)) return {target};
  std::vector<Location> targets;
  targets.reserve(tags.size());
  for (const auto& tag : tags) {
    targets.push_back(unnamed_layout ? target : Location::parse(target.to_string() + ":" + tag));
    if (unnamed_layout) targets.back().name = tag;
  }
  return targets;
}

std::vector<Location> with_named_tags(const Location& target, const std::vector<std::string>& tags) {
  if (target.kind != Location::Kind::oci_archive || target.name) return with_tags(target, tags);
  if (tags.size() > 1) {
    throw Error(ErrorCode::invalid_argument,
                "cannot write " + target.to_string() + " under several tags: an OCI archive has one name",
                "write a docker archive, or give -o once for each tag");
  }
  auto tagged = target;
  tagged.name = tags.front();
  return {tagged};
}

void reject_shared_side_file(const std::optional<std::string>& file, const std::vector<Build>& builds) {
  if (!file || builds.size() < 2 || file->find(kPlaceholder) != std::string::npos) return;
  throw Error(ErrorCode::invalid_argument, "cannot write " + *file + " for several profiles",
              "write {profile} into its name");
}

void reject_shared_places(const std::vector<Build>& builds) {
  std::map<std::string, std::string> places;  // and the profile that goes there
  for (const auto& build : builds) {
    for (const auto& target : build.targets) {
      const auto [taken, is_new] = places.emplace(place_of(target), build.profile);
      if (is_new || taken->second == build.profile) continue;
      throw Error(
          ErrorCode::invalid_argument,
          "cannot write the profiles " + taken->second + " and " + build.profile + " both to " + target.to_string(),
          "give each its own \"tags\", or write {profile} into the place");
    }
  }
}

}  // namespace ociassemble::tool
