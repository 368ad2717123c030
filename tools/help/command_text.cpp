// SPDX-License-Identifier: Apache-2.0
#include "help/command_text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <string_view>

namespace ociassemble::tool {
namespace {

// The library keeps no data of ours with an option, but the name of its group.
constexpr std::string_view kRare = "\x1frare";

std::string group_title(std::string group) {
  if (const auto mark = group.find(kRare); mark != std::string::npos) group.erase(mark);
  return group;
}

bool is_rare(const CLI::Option& option) { return option.get_group().find(kRare) != std::string::npos; }

bool is_flag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

OptionText describe_option(const CLI::Option& option) {
  OptionText text;
  for (const auto& name : option.get_snames()) text.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) text.names.push_back("--" + name);
  if (!is_flag(option)) text.value = option.get_type_name();
  text.description = option.get_description();
  text.rare = is_rare(option);
  return text;
}

OptionText describe_argument(const CLI::Option& option) {
  OptionText text;
  text.names.push_back(option.get_name(true));
  text.description = option.get_description();
  text.required = option.get_required();
  text.repeatable = option.get_items_expected_max() > 1;
  return text;
}

void add_option(std::vector<OptionGroupText>& groups, const CLI::Option& option) {
  const auto title = group_title(option.get_group());
  if (title.empty()) return;  // hidden
  auto group = std::ranges::find(groups, title, &OptionGroupText::title);
  if (group == groups.end()) group = groups.insert(groups.end(), {title, {}});
  group->options.push_back(describe_option(option));
}

std::string usage_of(const CommandText& text) {
  std::string usage = "ociassemble";
  if (!text.name.empty()) usage += " " + text.name;
  if (!text.groups.empty()) usage += " [OPTIONS]";
  for (const auto& argument : text.arguments) {
    const auto name = argument.names.front() + (argument.repeatable ? "…" : "");
    usage += argument.required ? " " + name : " [" + name + "]";
  }
  return text.name.empty() ? "ociassemble [-q] COMMAND [OPTIONS] [ARGUMENTS]" : usage;
}

}  // namespace

CommandText describe_command(const CLI::App& app) {
  CommandText text;
  const bool is_tool = app.get_parent() == nullptr;
  if (!is_tool) text.name = app.get_name();
  text.summary = app.get_description();
  for (const auto* option : app.get_options()) {
    if (option->get_positional()) {
      text.arguments.push_back(describe_argument(*option));
    } else {
      add_option(text.groups, *option);
    }
  }
  // What every command has comes last.
  const auto own = std::ranges::find(text.groups, "Help", &OptionGroupText::title);
  if (own != text.groups.end()) std::rotate(own, own + 1, text.groups.end());
  for (const auto* command : app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); }))
    text.commands.push_back({{command->get_name()}, {}, command->get_description()});
  text.footer = app.get_footer();
  text.usage = usage_of(text);
  return text;
}

void show_in_full_help_only(CLI::App& app, std::initializer_list<const char*> options) {
  for (const auto* name : options) {
    auto* option = app.get_option(name);
    option->group(option->get_group() + std::string(kRare));
  }
}

}  // namespace ociassemble::tool
