// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/run_import.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "recipe/import/go_commands.hpp"
#include "recipe/import/run.hpp"

namespace ociassemble {

void RunImport::take(const DockerInstruction& made) {
  std::vector<std::string> worked_out;  // arguments whose values go into numbers and paths
  const ShellVariable value_of = [&](const std::string& name) -> std::optional<std::string> {
    const auto value = state_.variables.value_of(name);
    if (!value) return {};
    auto plain = state_.arguments.plain(*value);
    if (plain != *value)
      worked_out.push_back(fmt::format("{} is taken as it is now, \"{}\"; --set does not change it.", name, plain));
    return plain;
  };
  auto& accounts = state_.accounts;
  const auto known = accounts.users.size() + accounts.groups.size();
  auto commands = commands_of_run(made, value_of);
  std::erase_if(commands, [&](const ShellCommand& command) {
    if (!go_command_of(command)) return false;
    go_commands_.push_back({&made, command.text});
    return true;
  });
  auto effects = effects_of(commands, accounts);
  if (accounts.users.size() + accounts.groups.size() > known || !effects.made.empty() || !effects.owners.empty()) {
    for (const auto& line : worked_out) state_.notes.add(made.line, line);
  }
  take_effects(made, std::move(effects));
}

void RunImport::take_effects(const DockerInstruction& made, RunEffects effects) {
  if (effects.certificates) {
    set_member(state_.draft.simple, "caCertificates", "\"host\"");
    state_.notes.add(
        "The certificates are this host's, not the package's; name a PEM file to have the same everywhere.");
  }
  if (effects.zone_data) {
    set_member(state_.draft.simple, "tzdata", "\"host\"");
    state_.notes.add(
        "The zone data are this host's, not the package's; name a zoneinfo folder to have the same "
        "everywhere.");
  }
  for (const auto& path : effects.made) folders_.make(made.line, joined_path(state_.workdir, path));
  for (auto& change : effects.owners) {
    change.path = joined_path(state_.workdir, change.path);
    folders_.change_owner(made, change);
  }
  for (auto& change : effects.modes) {
    change.path = joined_path(state_.workdir, change.path);
    if (folders_.change_mode(made, change)) continue;
    effects.left.push_back(change.text);
    if (effects.advice.empty()) effects.advice = advice_for({"chmod"});
  }
  if (effects.left.empty()) return;
  std::vector<std::string> left;
  for (const auto& text : effects.left) {
    auto line = on_one_line(text);
    if (std::find(left.begin(), left.end(), line) == left.end()) left.push_back(std::move(line));
  }
  state_.notes.add(made, fmt::format("not carried over: {} ({})", fmt::join(left, "; "), effects.advice));
}

void RunImport::finish(const CopyImport& copies) {
  for (const auto& [made, text] : go_commands_) {
    if (copies.is_built(made->line)) continue;
    state_.notes.add(*made, fmt::format("not carried over: {} (build the program before, outside, and name it under "
                                        "\"binaries\")",
                                        on_one_line(text)));
  }
}

}  // namespace ociassemble
