// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/export.hpp"

namespace ociassemble {

// Another stage, or another Dockerfile, that becomes a profile of the recipe.
struct ImportProfile {
  std::string name;
  std::string text;         // of its Dockerfile; empty: the same one
  std::string file;         // its name, for errors and comments
  std::string target;       // as in ImportOptions
  std::string ignore_file;  // as in ImportOptions
};

struct ImportOptions {
  std::string target;                             // a stage's name or number; empty: the last
  std::map<std::string, std::string> build_args;  // values of ARG, the defaults of the recipe's arguments
  std::string ignore_file;  // the context's .dockerignore, as a recipe would name it; may be empty
  std::vector<ImportProfile> profiles;
  bool policy = false;  // also writes the "policy" that the go commands of the stages imply
};

// A recipe (docs/import.md) that says what a Dockerfile says, as far as it can be said without running commands; a
// comment stands for what cannot. `name` is the file's, for errors and comments. Reads no other file. Throws
// Error{invalid_argument} "NAME:LINE: CAUSE" for what is no Dockerfile, Error{not_found} for a stage that is not there.
OCIASSEMBLE_EXPORT std::string import_dockerfile(std::string_view text, std::string_view name,
                                                 const ImportOptions& options);

}  // namespace ociassemble
