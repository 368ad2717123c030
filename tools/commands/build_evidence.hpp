// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "commands/build_result.hpp"
#include "flags/key_flags.hpp"
#include "ociassemble/provenance.hpp"
#include "ociassemble/signatures.hpp"

namespace ociassemble::tool {

// The options of `build` that say who made an image, and of what: --provenance and --sign-key.
class EvidenceFlags {
 public:
  void add_to(CLI::App& app, const char* group);
  bool signs(const std::optional<RecipeSigning>& recipes) const;
  // The file of the key that signs; nothing where nothing is signed, or by a variable's.
  std::optional<std::filesystem::path> key_file(const std::optional<RecipeSigning>& recipes) const;
  // What the recipe says, with the command line over it.
  bool wants_provenance(bool recipes) const noexcept { return provenance_ || recipes; }

  // Reads the keys, which may ask for passphrases, before anything is made.
  void read_keys(const std::vector<Build>& builds, const Streams& streams);
  // Before anything is assembled: pins what is taken from other images, and hashes the inputs.
  void prepare(std::vector<Build>& builds, const std::filesystem::path& folder, const Workplace& workplace);
  // Once all is assembled and nothing is published: adds provenances and signatures to what goes along.
  void add(const std::vector<Build>& builds, std::vector<BuildResult>& made, const std::vector<RecipeBuild>& compiled,
           const std::filesystem::path& folder, const Workplace& workplace) const;
  // Signs the build under tags, in the background, while the image is published; what is returned waits for the end,
  // and throws what went wrong. Nothing without a key, and in a layout. Borrows all until then.
  std::function<void()> sign_tags(std::size_t build, const BuildResult& made, const Location& target,
                                  const Workplace& workplace) const;

 private:
  bool provenance_ = false;
  SigningKeyFlags key_;
  std::vector<std::optional<Signer>> signers_;                        // of each build
  std::vector<std::multimap<BuildInput::Kind, std::string>> before_;  // of each build that wants a provenance
};

}  // namespace ociassemble::tool
