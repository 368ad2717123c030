// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ociassemble/assemble_options.hpp"

namespace ociassemble {

// "${NAME}", "${NAME:-WORD}" or "${base.NAME}", at the beginning of a text.
struct VariableReference {
  bool is_of_base = false;
  std::string name;
  std::string operation;  // "", "-", ":-", "+" or ":+"
  std::string_view word;  // as it is written
  std::size_t length = 0;
};

// Nothing for a "${" that is none, or holds others more than 32 deep.
std::optional<VariableReference> read_reference(std::string_view text);

// A variable of the base in a text whose arguments are put in: characters that Unicode keeps for internal use around
// it.
std::string base_variable_mark(std::string_view name, std::string_view operation, std::string_view word);
// Whether a text holds such characters.
bool holds_base_variable(std::string_view text);
// The parts of a text with marks.
EnvTemplate env_template(std::string_view text);

}  // namespace ociassemble
