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
// Error{invalid_argument} for an array of something else than strings, as Docker does.
std::optional<std::vector<std::string>> exec_form(std::string_view text);

// What the commands of one RUN do to the image, as far as a recipe can say it.
struct RunEffects {
  bool certificates = false;
  bool zone_data = false;
  std::vector<std::string> made;   // folders
  std::vector<std::string> owned;  // what was given to somebody, or to everybody
  std::vector<std::string> left;   // what a recipe does not say
  std::string advice;              // for what is left; may be empty
};

// Users and groups go into `accounts`.
RunEffects effects_of(const std::vector<ShellCommand>& commands, NewAccounts& accounts);

}  // namespace ociassemble
