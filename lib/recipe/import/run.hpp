// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "recipe/import/new_accounts.hpp"
#include "recipe/import/shell.hpp"

namespace ociassemble {

// The words of an exec form, a JSON array; nothing for a shell form, as Docker takes what is no array. Throws
// Error{invalid_argument} for an array of something else than strings, as Docker does, and for one of characters that
// a recipe cannot hold.
std::optional<std::vector<std::string>> exec_form(std::string_view text);

// chown, chgrp or chmod of one path.
struct PathChange {
  std::string path;
  std::string value;  // the owner, ":GROUP" of chgrp; or the mode
  bool is_recursive = false;
  std::string text;  // the command
};

// What the commands of one RUN do to the image, as far as a recipe can say it.
struct RunEffects {
  bool certificates = false;
  bool zone_data = false;
  std::vector<std::string> made;  // folders
  std::vector<PathChange> owners, modes;
  std::vector<std::string> left;  // what a recipe does not say
  std::string advice;             // for what is left; may be empty
};

// Why a recipe does not say such a command, and what to do instead.
std::string_view advice_for(const std::vector<std::string>& words);
// Whether it has no effect on an image that lacks the package manager's files.
bool only_cleans(const ShellCommand& command);
// Users and groups go into `accounts`.
RunEffects effects_of(const std::vector<ShellCommand>& commands, NewAccounts& accounts);

}  // namespace ociassemble
