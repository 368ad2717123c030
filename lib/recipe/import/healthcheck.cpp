// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/healthcheck.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ociassemble/error.hpp"
#include "recipe/duration.hpp"
#include "recipe/import/run.hpp"

namespace ociassemble {
namespace {

void add_health_option(ImportState& state, const DockerInstruction& made, const std::string& flag,
                       const std::string& value, RecipeMembers& members) {
  if (flag == "retries") {
    if (!is_number(value)) state.file.refuse(made.line, "--retries is not a number");
    if (plain_number(value) != "0") set_member(members, flag, plain_number(value));  // 0: the runtime's own
    return;
  }
  const auto name = flag == "start-period" ? "startPeriod" : flag;
  if (name != "interval" && name != "timeout" && name != "startPeriod")
    return state.notes.add(made, fmt::format("--{} is not carried over", flag));
  try {
    if (value != "0" && parse_duration(value).count() != 0) set_member(members, name, json_text(value));
  } catch (const Error&) {
    state.notes.add(made, fmt::format("--{} is not carried over; write it as 30s, 1m30s or 500ms", flag));
  }
}

}  // namespace

void import_healthcheck(ImportState& state, const DockerInstruction& made) {
  const auto words = divide_at_blanks(made.text);
  auto kind = words.front();
  for (char& c : kind) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  if (kind == "NONE" && words.size() == 1) return set_member(state.draft.simple, "healthcheck", "\"NONE\"");
  if (kind != "CMD") state.file.refuse(made.line, "HEALTHCHECK is neither CMD nor NONE");
  const auto command = made.text.substr(std::min(made.text.find_first_not_of(" \t", 3), made.text.size()));
  if (command.empty()) state.file.refuse(made.line, "HEALTHCHECK CMD has no command");
  std::vector<std::string> test{"CMD-SHELL", command};
  try {
    if (const auto array = exec_form(command)) {
      test = *array;
      test.insert(test.begin(), "CMD");
    }
  } catch (const Error& error) {
    state.file.refuse(made.line, error.what());
  }
  RecipeMembers members{{"test", array_of(test)}};
  for (const auto& [flag, text] : made.flags) add_health_option(state, made, flag, text, members);
  set_member(state.draft.simple, "healthcheck", line_object(members));
}

}  // namespace ociassemble
