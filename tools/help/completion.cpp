// SPDX-License-Identifier: Apache-2.0
#include "help/completion.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/recipe.hpp"

namespace ociassemble::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostEntries = 1000;
constexpr std::array<std::string_view, 7> kUsualPlatforms{"linux/amd64",   "linux/arm64",   "linux/arm/v7", "linux/386",
                                                          "linux/riscv64", "linux/ppc64le", "linux/s390x"};
constexpr std::array<std::string_view, 6> kSignals{"SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2"};
constexpr std::array<std::string_view, 3> kCompressions{"gzip", "zstd", "none"};
constexpr std::array<std::string_view, 2> kSbomFormats{"spdx", "cyclonedx"};

bool is_word(std::string_view text) {
  const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && is_small(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return is_small(c) || (c >= '0' && c <= '9') || c == '-'; });
}

class Completer {
 public:
  Completer(const std::vector<std::string>& words, const CommandText& tool, const std::vector<CommandText>& commands)
      : words_(words), tool_(tool), commands_(commands) {}

  Completion run() {
    std::size_t first = 0;
    while (first + 1 < words_.size() && (words_[first] == "-q" || words_[first] == "--quiet")) ++first;
    if (first + 1 >= words_.size()) {
      add_commands();
      if (current().starts_with('-')) add_options(tool_);
    } else if (words_[first] == "help" && !current().starts_with('-')) {
      add_commands();
    } else {
      const auto command = std::ranges::find(commands_, words_[first], &CommandText::name);
      if (command != commands_.end()) complete_command(*command, first + 1);
    }
    return result_;
  }

 private:
  std::string current() const { return words_.empty() ? std::string() : words_.back(); }

  void add(const std::string& text, const std::string& description = {}, const std::string& before = {}) {
    const auto whole = before + text;
    if (whole.starts_with(current()) && result_.candidates.size() < kMostEntries)
      result_.candidates.push_back({whole, description});
  }

  void add_commands() {
    for (const auto& command : tool_.commands) add(command.names.front(), command.description);
  }

  void add_options(const CommandText& command) {
    for (const auto& group : command.groups) {
      for (const auto& option : group.options) {
        // Of an option with two names the long one, unless a short one is being typed.
        add(option.names.back(), option.description);
        if (option.names.size() > 1 && !current().starts_with("--")) add(option.names.front(), option.description);
      }
    }
  }

  static const OptionText* find_option(const CommandText& command, std::string_view name) {
    for (const auto& group : command.groups) {
      for (const auto& option : group.options) {
        if (std::ranges::find(option.names, name) != option.names.end()) return &option;
      }
    }
    return nullptr;
  }

  // The words from `first` on are the command's; those before the last are whole.
  void complete_command(const CommandText& command, std::size_t first) {
    std::size_t arguments = 0;
    const OptionText* wants_value = nullptr;
    for (std::size_t i = first; i + 1 < words_.size(); ++i) {
      const auto& word = words_[i];
      if (wants_value != nullptr) {
        note_value(*wants_value, word);
        wants_value = nullptr;
      } else if (word.size() > 1 && word.front() == '-') {
        const auto equals = word.find('=');
        const auto* option = find_option(command, word.substr(0, equals));
        if (option == nullptr || option->value.empty()) continue;
        if (equals == std::string::npos) {
          wants_value = option;
        } else {
          note_value(*option, word.substr(equals + 1));
        }
      } else {
        ++arguments;
      }
    }
    complete_word(command, wants_value, arguments);
  }

  void complete_word(const CommandText& command, const OptionText* wants_value, std::size_t arguments) {
    if (wants_value != nullptr) return complete_value(*wants_value, {});
    const auto equals = current().find('=');
    if (current().starts_with("--") && equals != std::string::npos) {
      const auto* option = find_option(command, current().substr(0, equals));
      if (option != nullptr && !option->value.empty()) complete_value(*option, current().substr(0, equals + 1));
      return;
    }
    if (current().starts_with('-')) return add_options(command);
    if (command.arguments.empty()) return;
    complete_argument(command.arguments[std::min(arguments, command.arguments.size() - 1)]);
  }

  void note_value(const OptionText& option, const std::string& value) {
    if (option.names.back() == "--file") recipe_ = value;
  }

  void complete_argument(const OptionText& argument) {
    const auto& name = argument.names.front();
    if (name == "DOCKERFILE") {
      result_.paths = Completion::Paths::files;
    } else if (name == "COMMAND") {
      add_commands();
    } else if (name == "ACTION") {
      add("fetch");
    } else if (name != "REGISTRY" && name != "REPOSITORY" && name != "REF" && name != "NAME" && name != "URL") {
      add_locations({}, false);
    }
  }

  // `before`: "--option=", where the value is in the same word.
  void complete_value(const OptionText& option, const std::string& before) {
    const auto& name = option.names.back();
    const auto& value = option.value;
    const auto all = [&](const auto& texts) {
      for (const auto& text : texts) add(std::string(text), {}, before);
    };
    if (name == "--profile" && value == "NAME")
      return with_recipe([&](const Recipe& recipe) { all(recipe.profiles()); });
    if (name == "--set") {
      return with_recipe([&](const Recipe& recipe) {
        for (const auto& argument : recipe.arguments()) add(argument + "=", "argument of the recipe", before);
      });
    }
    if (value.starts_with("OS/ARCH")) return all(kUsualPlatforms);
    if (value == "SIGNAL") return all(kSignals);
    if (name == "--sbom") return all(kSbomFormats);
    if (value.starts_with("KIND")) return all(kCompressions);
    if (value == "LOCATION") return add_locations(before, name == "--base");
    add_words_and_paths(value, before);
  }

  // "host|FILE", "plain|bar|none", "PATH[:DEST]", "SRC:DEST…", "DIR"
  void add_words_and_paths(std::string_view value, const std::string& before) {
    if (value.starts_with("PATH[") || value.starts_with("SRC:")) result_.paths = Completion::Paths::files;
    for (bool more = true; more;) {
      const auto bar = value.find('|');
      const auto part = value.substr(0, bar);
      if (is_word(part)) add(std::string(part), {}, before);
      if (part == "FILE") result_.paths = Completion::Paths::files;
      if (part == "DIR" && result_.paths == Completion::Paths::none) result_.paths = Completion::Paths::folders;
      more = bar != std::string_view::npos;
      if (more) value.remove_prefix(bar + 1);
    }
  }

  void add_locations(const std::string& before, bool is_base) {
    const auto typed = current().substr(before.size());
    const auto colon = typed.find(':');
    if (colon == std::string::npos) {
      add("oci:", "image layout in a folder", before);
      add("oci-archive:", "image layout in a tar file", before);
      add("docker-archive:", "file of docker save", before);
      if (!is_base) return;
      add("rootfs:", "root file system", before);
      add("scratch", "empty base", before);
      add("static", "built-in base", before);
      return;
    }
    const auto kind = typed.substr(0, colon + 1);
    const auto rest = typed.substr(colon + 1);
    if (kind == "oci:") return add_layouts(before + kind, rest);
    if (kind == "oci-archive:" || kind == "docker-archive:" || kind == "rootfs:") add_paths(before + kind, rest, false);
  }

  void add_layouts(const std::string& before, const std::string& rest) {
    const auto colon = rest.rfind(':');
    if (colon == std::string::npos) return add_paths(before, rest, true);
    const auto folder = rest.substr(0, colon);
    try {
      for (const auto& name : OciLayout::open(folder).names()) add(name, "image of the layout", before + folder + ":");
    } catch (const Error&) {
      // No layout: nothing to offer.
    }
  }

  // Of layouts the name goes on with ':'.
  void add_paths(const std::string& before, const std::string& rest, bool folders_only) {
    const auto slash = rest.rfind('/');
    const auto folder = slash == std::string::npos ? std::string() : rest.substr(0, slash + 1);
    std::error_code error;
    std::vector<std::pair<std::string, bool>> entries;
    for (fs::directory_iterator entry(folder.empty() ? "." : folder, error), end; !error && entry != end;
         entry.increment(error)) {
      if (entries.size() == kMostEntries) break;
      const auto name = entry->path().filename().string();
      if (name.starts_with('.') != rest.substr(folder.size()).starts_with('.')) continue;
      std::error_code ignored;
      entries.emplace_back(name, entry->is_directory(ignored));
    }
    std::ranges::sort(entries);
    for (const auto& [name, is_folder] : entries) {
      std::error_code ignored;
      if (is_folder && folders_only && fs::exists(fs::path(folder + name) / "oci-layout", ignored)) {
        add(folder + name + ":", "image layout", before);
      } else if (is_folder) {
        add(folder + name + "/", {}, before);
      } else if (!folders_only) {
        add(folder + name, {}, before);
      }
    }
  }

  void with_recipe(const std::function<void(const Recipe&)>& use) const {
    try {
      use(Recipe::read(recipe_));
    } catch (const Error&) {
      // No recipe, or a wrong one: nothing to offer.
    }
  }

  const std::vector<std::string>& words_;
  const CommandText& tool_;
  const std::vector<CommandText>& commands_;
  std::string recipe_ = std::string(kRecipeFileName);
  Completion result_;
};

}  // namespace

Completion complete(const std::vector<std::string>& words, const CommandText& tool,
                    const std::vector<CommandText>& commands) {
  return Completer(words, tool, commands).run();
}

std::string completion_lines(const Completion& completion) {
  std::string lines;
  switch (completion.paths) {
    case Completion::Paths::none:
      lines = "none\n";
      break;
    case Completion::Paths::files:
      lines = "files\n";
      break;
    case Completion::Paths::folders:
      lines = "folders\n";
      break;
  }
  for (const auto& candidate : completion.candidates)
    lines += terminal_text(candidate.text) + "\t" + candidate.description + "\n";
  return lines;
}

}  // namespace ociassemble::tool
