// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/implied_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace ociassemble {
namespace {

constexpr const char* kErrorLevel = "\"error\"";

std::string variable_of(const GoCommand& command, std::string_view wanted) {
  std::string found;  // the last counts
  for (const auto& [name, value] : command.environment) {
    if (name == wanted) found = value;
  }
  return found;
}

// Flags of the command and of GOFLAGS, "-trimpath" and "-mod=vendor"; a value that follows its flag is joined to it.
std::vector<std::string> flags_of(const GoCommand& command) {
  std::vector<std::string> flags;
  const auto variable = variable_of(command, "GOFLAGS");
  for (std::string_view rest = variable; !rest.empty();) {
    const auto end = std::min(rest.find(' '), rest.size());
    if (end > 0) flags.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  for (std::size_t i = 0; i < command.flags.size(); ++i) {
    auto flag = command.flags[i];
    if (flag.starts_with("--")) flag.erase(0, 1);
    const bool takes_value = flag == "-ldflags" || flag == "-buildmode" || flag == "-mod";
    if (takes_value && i + 1 < command.flags.size()) flag += "=" + command.flags[++i];
    flags.push_back(std::move(flag));
  }
  return flags;
}

bool has_flag(const std::vector<std::string>& flags, std::string_view wanted) {
  return std::any_of(flags.begin(), flags.end(), [&](const std::string& flag) { return flag == wanted; });
}

std::string value_of_flag(const std::vector<std::string>& flags, std::string_view name) {
  std::string value;
  for (const auto& flag : flags) {
    if (flag.size() > name.size() && flag.starts_with(name) && flag[name.size()] == '=')
      value = flag.substr(name.size() + 1);
  }
  return value;
}

// Whether -ldflags takes both symbols and debug information: "-s -w", in any place.
bool strips(std::string_view flags) {
  const auto padded = fmt::format(" {} ", flags);
  return padded.find(" -s ") != std::string::npos && padded.find(" -w ") != std::string::npos;
}

// "1.24.6" of "golang:1.24.6-bookworm"; empty for what names no release.
std::string go_release_of(std::string_view base) {
  const auto name = base.rfind("golang:");
  if (name == std::string_view::npos || (name != 0 && base[name - 1] != '/')) return {};
  auto version = base.substr(name + 7);
  version = version.substr(0, version.find_first_not_of("0123456789."));
  while (version.ends_with('.')) version.remove_suffix(1);
  return version.find('.') == std::string_view::npos ? std::string() : std::string(version);
}

}  // namespace

RecipeMembers implied_policy(const StageProgram& program, std::string_view stage_base) {
  const auto& command = program.command;
  const auto flags = flags_of(command);
  RecipeMembers rules;
  if (const auto release = go_release_of(stage_base); !release.empty())
    set_member(rules, "go-version", fmt::format("{{\"atLeast\": {}}}", plain_json_text(release)));
  if (variable_of(command, "CGO_ENABLED") == "0") set_member(rules, "go-cgo", kErrorLevel);
  if (has_flag(flags, "-trimpath") || has_flag(flags, "-trimpath=true")) set_member(rules, "go-trimpath", kErrorLevel);
  if (strips(value_of_flag(flags, "-ldflags"))) set_member(rules, "go-stripped", R"({"stripped": true})");
  if (const auto mode = value_of_flag(flags, "-buildmode"); mode == "pie" || mode == "exe")
    set_member(rules, "go-buildmode", fmt::format("{{\"allow\": {}}}", plain_json_text(mode)));
  const auto level = variable_of(command, "GOAMD64");
  if (level.size() == 2 && level[0] == 'v' && level[1] >= '1' && level[1] <= '4')
    set_member(rules, "go-cpu", fmt::format("{{\"amd64\": {}}}", plain_json_text(level)));
  // Asked for: a proxy or the checksum database, and nothing that goes around them.
  const auto proxy = variable_of(command, "GOPROXY");
  const auto sums = variable_of(command, "GOSUMDB");
  const bool asks = (!proxy.empty() && proxy.find("direct") == std::string::npos && proxy != "off") ||
                    (!sums.empty() && sums != "off");
  if (asks && value_of_flag(flags, "-mod") != "vendor" && sums != "off") set_member(rules, "go-sums", kErrorLevel);
  return rules;
}

RecipeMembers common_policy(const std::vector<RecipeMembers>& policies) {
  RecipeMembers common;
  if (policies.empty()) return common;
  for (const auto& rule : policies.front()) {
    const bool is_everywhere = std::all_of(policies.begin(), policies.end(), [&](const RecipeMembers& policy) {
      return std::find(policy.begin(), policy.end(), rule) != policy.end();
    });
    if (is_everywhere) common.push_back(rule);
  }
  return common;
}

}  // namespace ociassemble
