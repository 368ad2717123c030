// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ociassemble/recipe.hpp"

namespace CLI {
class App;
}

namespace ociassemble::tool {

// One image or index to make, and where it goes.
struct Build {
  std::string profile;                  // empty: without one
  std::vector<AssembleOptions> images;  // one for each platform, at least one
  std::vector<Location> targets;
  SbomRequest sbom;
  std::optional<Policy> policy = {};
  bool provenance = false;
  std::optional<RecipeSigning> signing = {};  // of the recipe
};

// The options of `build` that are about recipes.
class RecipeFlags {
 public:
  void add_to(CLI::App& app);

  // The recipe that was asked for: the one that -f names; else ociassemble.json in the working directory, when
  // --profile, --all-profiles, --compile or --set asks for it, or when it is there and nothing else names what goes in.
  std::optional<Recipe> find(bool inputs_named) const;
  // Whether the recipe's "build" commands are to be run.
  bool compiles() const noexcept { return compiles_; }
  // Throws Error{invalid_argument} where one of these flags is given: `command` takes a recipe or an image.
  void require_none(const std::string& command) const;
  // Whether there is a recipe here; find() passes over it where other options name what goes in.
  static bool is_here();
  // The recipe for each profile that was asked for; without a profile when none was.
  std::vector<ResolvedRecipe> resolve(const Recipe& recipe, const std::vector<Platform>& platforms) const;

 private:
  std::optional<std::string> file_;
  std::vector<std::string> profiles_, settings_;
  bool all_profiles_ = false;
  bool compiles_ = false;
};

// "{profile}" in a place becomes the profile's name. Throws Error{invalid_argument} where there is no profile.
std::string with_profile(std::string text, const std::string& profile);

// A target without a tag stands for one target a tag where it is a layout or a registry's repository.
std::vector<Location> with_tags(const Location& target, const std::vector<std::string>& tags);

// The same for --tag: an OCI archive takes a tag, too, but one only. Throws Error{invalid_argument}.
std::vector<Location> with_named_tags(const Location& target, const std::vector<std::string>& tags);

// Throws Error{invalid_argument} when several builds would write one file beside the images.
void reject_shared_side_file(const std::optional<std::string>& file, const std::vector<Build>& builds);
// Throws Error{invalid_argument} when two builds would go to one place.
void reject_shared_places(const std::vector<Build>& builds);

}  // namespace ociassemble::tool
