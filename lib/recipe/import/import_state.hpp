// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/import.hpp"
#include "recipe/import/build_stages.hpp"
#include "recipe/import/draft.hpp"
#include "recipe/import/new_accounts.hpp"

namespace ociassemble {

// One import: what was read, what is written, and where in the Dockerfile it is.
struct ImportState {
  ImportState(const Dockerfile& dockerfile, const ImportOptions& import_options);

  const Dockerfile& file;
  const ImportOptions& options;
  ImportNotes notes;
  ImportArguments arguments;
  ImportVariables global;
  std::vector<ImportStage> stages;
  BuildStages builds;

  RecipeDraft draft;
  NewAccounts accounts;
  ImportVariables variables;
  std::vector<std::string> lost;       // places of copies that are not carried over
  std::vector<std::string> folders;    // that are made
  std::vector<std::string> run_words;  // of the ENTRYPOINT and CMD that will hold
  std::size_t index = 0;               // of the stage that is being taken
  std::string workdir = "/";
  bool knows_workdir = false;  // or it is the base's
  bool has_platforms = false;

  std::string expand(const DockerInstruction& made, std::string_view text);
  // Whether a recipe can hold the text there: says so where variables of the base or words of the platform cannot
  // stand.
  bool can_hold(const DockerInstruction& made, std::string_view text);
  void note_lost(const DockerInstruction& made, const std::string& place, const std::string& text);
  // Against the working directory, without "." and ".."; a '/' at the end stays. Nothing where that is not known.
  std::optional<std::string> absolute(const DockerInstruction& made, const std::string& path);
  // Where a source goes: with its name, if the destination is a folder, as far as that is known.
  std::string place_of(const std::string& destination, const std::string& name) const;
  // Whether the image runs the program at this path.
  bool is_run(const std::string& path) const;

 private:
  bool is_in_path(const std::string& folder) const;
};

}  // namespace ociassemble
