// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ociassemble/assemble.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/policy.hpp"
#include "ociassemble/runtime.hpp"
#include "ociassemble/sbom.hpp"

namespace ociassemble {

inline constexpr const char* kRecipeFileName = "ociassemble.json";

// What a user chooses of a recipe.
struct RecipeSettings {
  std::string profile;                                         // empty: the recipe without a profile
  std::vector<std::pair<std::string, std::string>> arguments;  // NAME and VALUE; the last of a name counts
  std::vector<Platform> platforms;  // of the recipe's, those to make; empty: all. Where it names none: these
};

// The "build" of a binary: a command that makes it. Nothing of the library runs it.
struct RecipeBuild {
  std::vector<std::string>
      command;                      // "{output}" in its words is the file to make; {os}, {arch}, {variant} the platform
  std::filesystem::path directory;  // where it runs
  std::vector<std::pair<std::string, std::string>> env;
  std::filesystem::path output;      // the binary's source
  std::optional<Platform> platform;  // that it is made for; the machine's when not set
  // "FILE:LINE:COLUMN: MEMBER" of the command, and of the directory or else the command again; empty where not known.
  std::string place = {};
  std::string directory_place = {};

  // Whether both do the same, wherever that is written.
  bool operator==(const RecipeBuild& other) const {
    return command == other.command && directory == other.directory && env == other.env && output == other.output &&
           platform == other.platform;
  }
};

// The private key that a recipe wants its images signed by. Nothing of the library reads it.
struct RecipeSigning {
  std::string key;  // a file, or "env:NAME"
  std::optional<std::filesystem::path> passphrase_file = {};
  std::string place = {};  // "FILE:LINE:COLUMN: MEMBER" of the key; empty where not known

  // Whether both sign by the same key, wherever that is written.
  bool operator==(const RecipeSigning& other) const {
    return key == other.key && passphrase_file == other.passphrase_file;
  }
};

// A recipe for one profile, finished: nothing in it is left to look up in the recipe's text.
struct ResolvedRecipe {
  std::string profile;            // empty: without one
  std::vector<std::string> tags;  // tags only, to be completed by what is pushed to
  std::vector<Platform> platforms;
  std::vector<AssembleOptions> images;  // one for each platform, in their order; one where there are no platforms
  std::vector<RecipeBuild> builds;      // of all images
  SbomRequest sbom;                     // without formats where the recipe asks for none
  // What the images must be like before they are published; nothing where the recipe has none. Its rule "needs" is in
  // `images` already (AssembleOptions::needs), unless the policy has exceptions from it.
  std::optional<Policy> policy;
  bool provenance = false;                    // whether the recipe asks for one
  std::optional<RecipeSigning> signing = {};  // nothing where the recipe asks for no signature
  std::vector<BindMount> mounts = {};         // for whoever runs the image; no image has them
};

// Throws Error{not_found} with the place for a file or folder that the recipe names and the options still have, and
// that does not exist.
OCIASSEMBLE_EXPORT void require_named_files(const AssembleOptions& options, const ResolvedRecipe& recipe);

// A base and the platforms that it is wanted for (none: the binaries', which only their files tell).
struct RecipeBase {
  Location location;
  std::vector<Platform> platforms;
  std::optional<std::string> name = {};  // AssembleOptions::base_name
  std::string place = {};                // "FILE:LINE:COLUMN: MEMBER", the first; empty without the member
};

// A path of an image that files are taken from, and the platforms that it is taken for (none: the binaries').
struct TakenPath {
  Location image;
  std::string path;  // absolute
  std::vector<Platform> platforms = {};
  std::string place = {};       // "FILE:LINE:COLUMN: MEMBER" of the image
  std::string path_place = {};  // and of the path
};

// What a recipe takes from elsewhere that a lock can pin.
struct RecipeNeeds {
  std::vector<RecipeBase> bases = {};  // each once
  std::vector<TakenPath> taken = {};
  CompressionOptions compression;
  bool host_certificates = false;  // "caCertificates": "host"
  bool host_zones = false;         // "tzdata": "host"
};

// A recipe file, "ociassemble.json" (docs/recipe.md): a service once, and profiles that say what differs. An immutable
// value, safe to share between threads.
//
// Whatever is wrong with the text is an Error{invalid_argument} of one line, "FILE:LINE:COLUMN: MEMBER: CAUSE" (lines
// and columns count from 1, columns in characters), with a hint that says what to do; of a profile's value it is the
// place in the profile.
class OCIASSEMBLE_EXPORT Recipe {
 public:
  // `file` names the text in errors; what the recipe names by a relative path is looked for in its folder. Checks the
  // form of everything, profiles that nobody asks for included: JSON, members, types.
  static Recipe parse(std::string_view text, const std::filesystem::path& file);
  // Reads the file, too: Error{not_found} and Error{io} besides.
  static Recipe read(const std::filesystem::path& file);

  const std::filesystem::path& file() const noexcept;
  // In the order of the text.
  std::vector<std::string> profiles() const;
  // The names of its arguments, those of profiles included, sorted.
  std::vector<std::string> arguments() const;

  // Also checks all values: locations, numbers, arguments that are unset or unknown, a profile that is not there.
  ResolvedRecipe resolve(const RecipeSettings& settings) const;
  // The same for what a lock pins, which needs no other argument than theirs.
  RecipeNeeds needs(const RecipeSettings& settings) const;

 private:
  struct Document;
  explicit Recipe(std::shared_ptr<const Document> document) : document_(std::move(document)) {}

  std::shared_ptr<const Document> document_;
};

}  // namespace ociassemble
