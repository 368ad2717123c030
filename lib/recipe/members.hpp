// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ociassemble/assemble.hpp"
#include "ociassemble/recipe.hpp"
#include "ociassemble/runtime.hpp"
#include "recipe/recipe_text.hpp"

namespace ociassemble {

// Reads the members of one recipe: its profile laid over it, its arguments put in. Borrows both for its life. All throw
// as RecipeText::refuse.
class Members {
 public:
  Members(const RecipeText& text, const RecipeNode& recipe, std::filesystem::path folder)
      : text_(text), recipe_(recipe), folder_(std::move(folder)) {}

  std::vector<Platform> platforms() const;
  std::vector<std::string> tags() const;
  // `platform` fills {os}, {arch} and {variant}; without one they are an error.
  Location base(const std::optional<Platform>& platform) const;
  std::string base_place() const;  // "FILE:LINE:COLUMN: base"; empty without the member
  std::optional<std::string> base_name() const;
  // What "files" take from other images.
  std::vector<TakenPath> taken_paths(const std::optional<Platform>& platform) const;
  CompressionOptions compression() const;
  // Whether the member asks for the host's data.
  bool takes_from_host(std::string_view name) const;
  // How the binaries are made that say so.
  std::vector<RecipeBuild> builds(const std::optional<Platform>& platform) const;
  Contents contents(const std::optional<Platform>& platform) const;
  // Where in the text values begin; the first place of each.
  using Places = std::map<std::pair<ValueKind, std::string>, std::size_t>;
  // All but the foundations. `places` gains those of the values.
  AssembleOptions options(const std::optional<Platform>& platform, Places& places) const;
  SbomRequest sbom() const;
  // Nothing where the recipe has none. Reads the file that it names.
  std::optional<Policy> policy() const;
  bool provenance() const;
  std::optional<RecipeSigning> signing() const;
  // Of this machine, absolute; whether they are there is not looked at. `places` gains those of the sources.
  std::vector<BindMount> mounts(Places& places) const;

 private:
  // "debug" and "devcontainer", once all else is known.
  void apply_development(const std::optional<Platform>& platform, AssembleOptions& options) const;

  const RecipeText& text_;
  const RecipeNode& recipe_;
  std::filesystem::path folder_;
};

}  // namespace ociassemble
