// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "recipe/import/dockerfile.hpp"

namespace ociassemble {

// The words of an exec form, a JSON array; nothing for a shell form, as Docker takes what is no such array.
std::optional<std::vector<std::string>> exec_form(std::string_view text);

// The words of a RUN, its heredocs among them, as far as they can be told without a shell: quotes are taken off, and a
// word that is one variable becomes what `value_of` says, if it says something.
std::vector<std::string> run_words(const DockerInstruction& made,
                                   const std::function<std::optional<std::string>(const std::string&)>& value_of);

// What to do instead of a command that is not run.
std::string_view advice_for(const std::vector<std::string>& words);

}  // namespace ociassemble
