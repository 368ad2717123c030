// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace ociassemble {

// What one stage of one Dockerfile gives.
struct ImportedRecipe {
  std::string file;
  std::vector<std::string> notes;
  std::string members;  // a line each, without the braces around
};

struct ImportedProfile {
  std::string name;
  ImportedRecipe recipe;
};

// The whole text. A profile says what differs (RFC 7396); arguments that only it has are declared for all, since a
// profile cannot declare one without a default.
std::string recipe_with_profiles(const ImportedRecipe& recipe, const std::vector<ImportedProfile>& profiles);

}  // namespace ociassemble
