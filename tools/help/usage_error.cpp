// SPDX-License-Identifier: Apache-2.0
#include "help/usage_error.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/escape.hpp"
#include "base/text.hpp"
#include "help/command_text.hpp"

namespace ociassemble::tool {
namespace {

Error usage(const std::string& message, const std::string& hint) {
  return {ErrorCode::invalid_argument, message, hint};
}

// The named command, or the tool itself.
const CLI::App& parsed_command(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : *parsed.front();
}

std::string help_of(const CLI::App& command) {
  const bool is_tool = command.get_parent() == nullptr;
  return is_tool ? "ociassemble --help lists the commands and options"
                 : "ociassemble " + command.get_name() + " --help-all lists its options";
}

std::string usage_line(const CLI::App& command) { return "usage: " + describe_command(command).usage; }

std::optional<std::string> nearest_name(const std::string& name, const std::vector<std::string>& known) {
  const std::vector<std::string_view> names(known.begin(), known.end());
  const auto near = nearest(name, names);
  return near ? std::optional(std::string(*near)) : std::nullopt;
}

std::vector<std::string> long_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* option : command.get_options()) {
    if (option->get_group().empty()) continue;
    for (const auto& name : option->get_lnames()) names.push_back(name);
  }
  return names;
}

Error unknown_option(const CLI::App& command, const std::string& argument) {
  const auto name = argument.substr(0, argument.find('='));
  const auto message = "unknown option " + printable(name);
  const auto bare = name.substr(std::min(name.find_first_not_of('-'), name.size()));
  if (const auto near = nearest_name(bare, long_names(command)); near && name.starts_with("--"))
    return usage(message + "; did you mean --" + *near + "?", help_of(command));
  if (command.get_name() == "run" || command.get_name() == "run-spec")
    return usage(message, help_of(command) + "; arguments for the image's program follow --");
  return usage(message, help_of(command));
}

Error unexpected_argument(const CLI::App& command, const std::string& argument) {
  const auto message = "unexpected argument " + printable("\"" + argument + "\"");
  std::error_code ignored;
  if (command.get_name() == "build" && std::filesystem::exists(argument, ignored))
    return usage(message, "name a program with --binary " + shell_word(argument) + ", other files with --add");
  return usage(message, usage_line(command));
}

// Arguments that nothing took.
std::vector<std::string> left_over(const CLI::App& app) {
  auto left = parsed_command(app).remaining(true);
  return left.empty() ? app.remaining(true) : left;
}

// The first option among them; nothing where there is none.
std::optional<std::string> left_over_option(const CLI::App& app, const std::vector<std::string>& arguments) {
  const auto left = left_over(app);
  const auto found = std::ranges::find_if(arguments, [&](const std::string& argument) {
    return argument.size() > 1 && argument.front() == '-' && std::ranges::find(left, argument) != left.end();
  });
  return found == arguments.end() ? std::nullopt : std::optional(*found);
}

Error not_expected(const CLI::App& app, const std::vector<std::string>& arguments) {
  const auto left = left_over(app);
  const auto first = std::ranges::find_first_of(arguments, left);
  return unexpected_argument(parsed_command(app), first != arguments.end() ? *first : "");
}

// The option that a message of the parser begins with or names.
const CLI::Option* named_option(const CLI::App& command, std::string_view text) {
  for (const auto* option : command.get_options()) {
    const auto name = option->get_name();
    for (const auto& before : {std::string(), std::string("Could not convert: ")}) {
      if (text.starts_with(before + name + ":") || text.starts_with(before + name + " ")) return option;
    }
  }
  return nullptr;
}

Error missing(const CLI::App& command, const CLI::Option& option) {
  const auto name = option.get_name();
  if (option.get_positional()) return usage("no " + name + " given", usage_line(command));
  return usage("option " + name + " is required", "add " + name + " " + option.get_type_name());
}

Error wrong_count(const CLI::App& command, const CLI::Option& option) {
  if (option.get_items_expected_max() == 0)
    return usage("option " + option.get_name() + " takes no value", help_of(command));
  if (option.count() == 0)
    return usage("option " + option.get_name() + " needs a value: " + option.get_type_name(), help_of(command));
  return usage(option.get_name() + " is given more than once", "give it once");
}

Error wrong_value(const CLI::App& command, const CLI::Option& option, std::string_view text) {
  if (option.get_items_expected_max() == 0)
    return usage("option " + option.get_name() + " takes no value", help_of(command));
  const auto& values = option.results();
  const auto value = values.empty() ? std::string() : values.back();
  const auto colon = text.find(": ");
  const bool says_why = colon != std::string_view::npos && !text.starts_with("Could not convert");
  auto why = says_why ? std::string(text.substr(colon + 2)) : std::string("not a number in its range");
  if (text.find(" not in {") != std::string_view::npos) why = "not one of " + option.get_type_name();
  if (const auto prefix = "Value " + value + " "; why.starts_with(prefix)) why.erase(0, prefix.size());
  return usage("cannot parse " + option.get_name() + printable(" \"" + value + "\": " + why), help_of(command));
}

// "--a excludes --b"
Error conflict(const CLI::App& command, std::string_view text, std::string_view verb, std::string_view ours) {
  const auto at = text.find(verb);
  if (at == std::string_view::npos) return usage(std::string(text), help_of(command));
  return usage(std::string(text.substr(0, at)) + std::string(ours) + std::string(text.substr(at + verb.size())),
               help_of(command));
}

}  // namespace

Error unknown_command(const CLI::App& app, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& command : describe_command(app).commands) names.push_back(command.names.front());
  auto message = "unknown command " + printable("\"" + name + "\"");
  if (const auto near = nearest_name(name, names)) message += "; did you mean \"" + *near + "\"?";
  return usage(message, "ociassemble --help lists the commands");
}

Error misplaced_option(const std::string& argument) {
  return usage("unexpected option " + printable(argument) + " before the command",
               "options follow the command: ociassemble COMMAND [OPTIONS]");
}

Error usage_error(const CLI::ParseError& error, const CLI::App& app, const std::vector<std::string>& arguments) {
  const auto& command = parsed_command(app);
  const std::string text = error.what();
  // Also where an argument is missing: it may have been taken for the option's value.
  if (const auto option = left_over_option(app, arguments)) return unknown_option(command, *option);
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) return not_expected(app, arguments);
  if (dynamic_cast<const CLI::ExcludesError*>(&error) != nullptr)
    return conflict(command, text, " excludes ", " cannot be given together with ");
  if (dynamic_cast<const CLI::RequiresError*>(&error) != nullptr)
    return conflict(command, text, " requires ", " needs ");
  const auto* option = named_option(command, text);
  if (option == nullptr) return usage(text, help_of(command));
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) return missing(command, *option);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) return wrong_count(command, *option);
  return wrong_value(command, *option, text);
}

}  // namespace ociassemble::tool
