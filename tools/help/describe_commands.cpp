// SPDX-License-Identifier: Apache-2.0
#include "help/describe_commands.hpp"

#include "io/streams.hpp"
#include "spec/json_printer.hpp"

namespace ociassemble::tool {
namespace {

void print(JsonPrinter& json, const OptionText& option) {
  json.begin_object();
  json.member("names", option.names);
  if (!option.value.empty()) json.member("value", option.value);
  json.member("description", option.description);
  if (option.rare) json.member("rare", true);
  json.end_object();
}

void print(JsonPrinter& json, std::string_view name, const std::vector<OptionText>& options) {
  json.key(name).begin_array();
  for (const auto& option : options) print(json, option);
  json.end_array();
}

void print(JsonPrinter& json, const CommandText& command) {
  json.begin_object();
  json.member("name", command.name);
  json.member("summary", command.summary);
  json.member("usage", command.usage);
  print(json, "arguments", command.arguments);
  json.key("groups").begin_array();
  for (const auto& group : command.groups) {
    json.begin_object();
    json.member("title", group.title);
    print(json, "options", group.options);
    json.end_object();
  }
  json.end_array();
  print(json, "commands", command.commands);
  json.member("footer", command.footer);
  json.end_object();
}

}  // namespace

std::string commands_json(const std::vector<CommandText>& commands) {
  StringSink out;
  JsonPrinter json(out);
  json.begin_array();
  for (const auto& command : commands) print(json, command);
  json.end_array();
  json.finish();
  return out.bytes();
}

}  // namespace ociassemble::tool
