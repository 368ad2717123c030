// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ociassemble::tool {

// An option or an argument of a command, as help texts, man pages and completions show it.
struct OptionText {
  std::vector<std::string> names;  // "-o", "--output"; of an argument its name
  std::string value;               // "FILE"; empty for a flag
  std::string description;
  bool rare = false;        // shown by --help-all, not by --help
  bool required = false;    // an argument that has to be given
  bool repeatable = false;  // an argument that may be given several times
};

struct OptionGroupText {
  std::string title;
  std::vector<OptionText> options;
};

// A command as its options say it: the one source of help texts, man pages and completions.
struct CommandText {
  std::string name;     // empty for the tool itself
  std::string summary;  // one line
  std::string usage;    // "ociassemble push [OPTIONS] LOCATION REF"
  std::vector<OptionText> arguments;
  std::vector<OptionGroupText> groups;
  std::vector<OptionText> commands;  // of the tool itself: name and summary
  // Paragraphs. A line that begins with a blank stands as it is; one that begins with "Examples:" opens examples.
  std::string footer;
};

CommandText describe_command(const CLI::App& app);

// Leaves options out of --help; --help-all has them. They have to exist, and to have their group.
void show_in_full_help_only(CLI::App& app, std::initializer_list<const char*> options);

}  // namespace ociassemble::tool
