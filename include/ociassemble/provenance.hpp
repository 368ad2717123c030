// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/assemble.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/recipe.hpp"

namespace ociassemble {

inline constexpr std::string_view kProvenanceType = "https://slsa.dev/provenance/v1";
// docs/provenance.md describes both.
inline constexpr std::string_view kBuildType = "urn:ociassemble:build:v1";
inline constexpr std::string_view kLocalBuilder = "urn:ociassemble:builder:local";

// Something that a build reads of this machine, or of a registry.
struct BuildInput {
  enum class Kind {
    file,    // SHA-256 of its bytes
    folder,  // SHA-256 of what lies in it, as docs/provenance.md says
    image,   // the digest of a manifest or index
    host,    // data of the machine: "caCertificates", "tzdata"
  };
  std::string name;  // relative, '/' between its components; of an image its reference
  Kind kind = Kind::file;
  std::string sha256;                        // hexadecimal digits
  std::map<std::string, std::string> facts;  // of a Go program: "go.version", "vcs.revision", …

  bool operator==(const BuildInput&) const = default;
};

// How an image is said to have been made: an SLSA provenance predicate, and what it was written from.
struct OCIASSEMBLE_EXPORT Provenance {
  std::string predicate;  // compact JSON; the same inputs and options give the same bytes on every machine
  std::vector<BuildInput> inputs;
};

// What is written into an image is pinned before it is made: tags of images that files are taken from become digests,
// unless a lock pins them. To be called before assembling an image whose provenance is wanted.
OCIASSEMBLE_EXPORT void pin_taken_images(AssembleOptions& options, const Workplace& workplace);

// The SHA-256 of each local input, by their kinds, sorted: to be taken before images are assembled.
OCIASSEMBLE_EXPORT std::multimap<BuildInput::Kind, std::string> hash_inputs(const std::vector<AssembleOptions>& options,
                                                                            const std::filesystem::path& folder);

// The provenance of one image, or of an index of several: `options` and what was made of them. Reads each local input
// and hashes it; paths are named from `folder`, those outside of it by their file names alone. `builds` are the
// recipe's commands that made the programs; commands of other programs are left out. `before` is what hash_inputs()
// gave before the images were made. No clock, host name, user name or
// absolute path is in it. Throws what reading inputs throws, Error{io} where an input changed meanwhile, and
// Error{unsupported} for a base whose digest nobody knows.
OCIASSEMBLE_EXPORT Provenance make_provenance(const std::vector<AssembleOptions>& options,
                                              const std::vector<const Assembled*>& made,
                                              const std::vector<RecipeBuild>& builds,
                                              const std::filesystem::path& folder,
                                              const std::multimap<BuildInput::Kind, std::string>& before);

// The predicate in a file or blob that holds one, as it is, in an in-toto Statement or in a sigstore bundle. A
// Statement has to be about `subject`. Nothing where it is no SLSA provenance of our build type. No signature is
// checked: what a rebuild proves needs none. Throws Error{corrupt}.
OCIASSEMBLE_EXPORT std::optional<std::string> find_predicate(std::string_view json, const Digest& subject);

// The commands that made the programs, as a predicate of our build type names them: output and directory are names
// as inputs have them, not paths. Nothing is run by them. Throws Error{corrupt}.
OCIASSEMBLE_EXPORT std::vector<RecipeBuild> read_builds(std::string_view predicate);
// The command as a provenance names it, for comparison: output and directory named from `folder`.
OCIASSEMBLE_EXPORT RecipeBuild name_build(const RecipeBuild& build, const std::filesystem::path& folder);

// Where a rebuild finds what is named.
struct RebuildPlaces {
  std::filesystem::path folder = ".";                   // where inputs lie that are not named below
  std::map<std::string, std::filesystem::path> inputs;  // by their names
  std::filesystem::path scratch;                        // a folder for links, that outlives the options
};

// What a provenance says, ready to be assembled again.
struct OCIASSEMBLE_EXPORT RebuildPlan {
  std::vector<AssembleOptions> images;
  std::vector<std::optional<Digest>> base_roots;  // of each image; what Assembled::base_root has to be
  std::vector<std::string> differences;           // inputs that are not what they were, and codecs; a line each
  bool inputs_match = true;                       // whether a difference is that of an input
};

// Reads a predicate, which may be hostile: names that lead out of the folder are Error{corrupt}. Hashes each local
// input. Throws Error{corrupt}, Error{unsupported} for another build type or layer format, and Error{not_found} for an
// input that is not there, with the option that names it.
OCIASSEMBLE_EXPORT RebuildPlan plan_rebuild(std::string_view predicate, const RebuildPlaces& places);

}  // namespace ociassemble
