// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/go_commands.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "recipe/arguments.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kFlagsWithValues =
    " -C -asmflags -buildmode -compiler -covermode -coverpkg -gccgoflags -gcflags -installsuffix -ldflags -mod "
    "-modfile "
    "-o -overlay -p -pgo -pkgdir -tags -toolexec ";

std::string last_part(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

bool is_assignment(const std::string& word) {
  const auto equals = word.find('=');
  return equals != std::string::npos && is_argument_name(std::string_view(word).substr(0, equals));
}

// "example.com/tool/v2@v2.1.0" is called tool.
std::string program_name(std::string_view package) {
  package = package.substr(0, package.find('@'));
  auto name = last_part(package);
  const bool is_version = name.size() > 1 && name.front() == 'v' &&
                          name.find_first_not_of("0123456789", 1) == std::string::npos && name.size() < package.size();
  if (is_version) name = last_part(package.substr(0, package.size() - name.size() - 1));
  return name.ends_with(".go") ? name.substr(0, name.size() - 3) : name;
}

void set_flag(GoCommand& made, const std::string& name, const std::string& value) {
  if (name == "-o") {
    made.output = value;
  } else if (name == "-C") {
    made.directory = value;
  } else {
    made.flags.push_back(name + "=" + value);
  }
}

void read_go_arguments(GoCommand& made, const std::vector<std::string>& words, std::size_t at) {
  for (; at < words.size(); ++at) {
    auto word = words[at];
    if (!word.starts_with('-')) {
      made.packages.push_back(word);
      continue;
    }
    if (word.starts_with("--")) word.erase(0, 1);
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    if (kFlagsWithValues.find(fmt::format(" {} ", name)) == std::string_view::npos) {
      made.flags.push_back(word);
    } else if (equals != std::string::npos) {
      set_flag(made, name, word.substr(equals + 1));
    } else if (at + 1 < words.size()) {
      set_flag(made, name, words[++at]);
    }
  }
  if (made.packages.empty()) made.packages.emplace_back(".");
}

bool may_be_program(const std::string& name) {
  return name.find('.') == std::string::npos &&
         std::any_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

// Whether a program of that name comes from the package, in the folder where the command runs.
bool makes(const std::string& package, const std::string& name, const std::string& directory, bool is_run) {
  if (package.ends_with("...")) return may_be_program(name);
  if (program_name(joined_path(directory, package)) == name) return true;
  // The module's own name is not known here; its folder often is not called so.
  return is_run && joined_path("/", package) == "/" && may_be_program(name);
}

// Below "./..." the program can be anywhere.
std::string package_named(const std::string& pattern, const std::string& name) {
  if (!pattern.ends_with("/...") || pattern == "./...") return pattern;
  const auto folder = pattern.substr(0, pattern.size() - 4);
  return last_part(folder) == name ? folder : folder + "/" + name;
}

bool makes_library(const GoCommand& command) {
  return std::any_of(command.flags.begin(), command.flags.end(), [](const std::string& flag) {
    return flag.starts_with("-buildmode=") && flag != "-buildmode=exe" && flag != "-buildmode=pie" &&
           flag != "-buildmode=default";
  });
}

}  // namespace

std::string joined_path(std::string_view folder, std::string_view path) {
  std::vector<std::string_view> parts;
  const auto add = [&](std::string_view text) {
    while (!text.empty()) {
      const auto part = text.substr(0, text.find('/'));
      if (part == ".." && !parts.empty()) parts.pop_back();
      if (!part.empty() && part != "." && part != "..") parts.push_back(part);
      text.remove_prefix(std::min(part.size() + 1, text.size()));
    }
  };
  if (!path.starts_with('/')) add(folder);
  add(path);
  std::string made;
  for (const auto& part : parts) made.append("/").append(part);
  return made.empty() ? "/" : made;
}

std::optional<GoCommand> go_command_of(const ShellCommand& command) {
  GoCommand made;
  std::size_t at = 0;
  const auto& words = command.words;
  if (!words.empty() && words[0] == "env") ++at;
  for (; at < words.size() && is_assignment(words[at]); ++at) {
    const auto equals = words[at].find('=');
    made.environment.emplace_back(words[at].substr(0, equals), words[at].substr(equals + 1));
  }
  if (at + 1 >= words.size() || (words[at] != "go" && words[at] != "xx-go")) return {};
  made.is_for_target = words[at] == "xx-go";
  if (words[at + 1] != "build" && words[at + 1] != "install") return {};
  made.installs = words[at + 1] == "install";
  made.needs_shell = command.needs_shell;
  made.text = command.text;
  read_go_arguments(made, words, at + 2);
  return made;
}

std::optional<std::string> package_of(const GoCommand& command, const std::string& path, bool is_run) {
  const auto name = last_part(path);
  const auto folder = joined_path("/", path.substr(0, path.size() - name.size()));
  const auto output = joined_path(command.directory, command.output);
  const bool is_said = !command.output.empty() && !command.installs;
  const bool is_file = is_said && command.output.back() != '/' && command.packages.size() == 1 &&
                       !command.packages.front().ends_with("...");
  if (name.empty() || makes_library(command)) return {};
  // What -o names may be a folder that is there.
  if (is_file && output == path) return command.packages.front();
  const bool is_below = command.installs && folder.starts_with(output + "/");  // GOOS_GOARCH
  if (output == path && is_said && command.packages.size() == 1 && command.packages.front().ends_with("..."))
    return package_named(command.packages.front(), name);
  if (output != folder && !is_below) return {};
  for (const auto& package : command.packages) {
    if (makes(package, name, command.directory, is_run)) return package_named(package, name);
  }
  return {};
}

}  // namespace ociassemble
