// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/build_stages.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "recipe/import/notes.hpp"
#include "recipe/import/run.hpp"

namespace ociassemble {
namespace {

// Of no effect on the programs that a stage makes.
bool only_prepares(const ShellCommand& command) {
  const auto& words = command.words;
  if (only_cleans(command)) return true;
  if (words[0] == "mkdir") return !command.needs_shell;
  return words.size() > 2 && words[0] == "go" && words[1] == "mod" && (words[2] == "download" || words[2] == "verify");
}

// What go reads of the environment, but for the target, which is the image's.
bool is_go_variable(std::string_view name) {
  constexpr std::string_view kNames =
      " CC CXX GO111MODULE GOCACHE GODEBUG GOEXPERIMENT GOFLAGS GOINSECURE GONOPROXY GONOSUMDB GOPRIVATE GOPROXY "
      "GOSUMDB "
      "GOTOOLCHAIN GOVCS GOWORK ";
  return name.starts_with("CGO_") || kNames.find(" " + std::string(name) + " ") != std::string_view::npos;
}

bool is_in_folder(const std::string& path, const std::string& folder) {
  return path == folder || folder == "/" || path.starts_with(folder + "/");
}

// The folder of the context that lies at a path of the stage, by one copy; nothing where the copy does not tell.
std::optional<std::string> folder_by(const StageCopy& copy, const std::string& path) {
  const auto source = joined_path("/", copy.source);
  const auto destination = joined_path("/", copy.destination);
  std::string root = destination;  // where `source` lies
  std::string beneath = source;
  if (source != "/") {
    // "COPY go.mod ./" and "COPY cmd/ cmd/" lay the context's root where they keep the source's name.
    const auto name = source.substr(source.rfind('/'));
    // A name with an extension, or in capitals, is hardly a folder's.
    const bool is_file = name.find('.') != std::string::npos || (name[1] >= 'A' && name[1] <= 'Z');
    const bool is_into = is_file && copy.destination.ends_with('/');
    const bool keeps_name = is_into || destination.ends_with(source);
    if (!keeps_name && is_file) return {};
    if (keeps_name && source.find('/', 1) != std::string::npos && is_into) return {};
    if (keeps_name) {
      root = is_into ? destination : joined_path("/", destination.substr(0, destination.size() - source.size()));
      beneath = "/";
    }
  }
  if (!is_in_folder(path, root)) return {};
  const auto below = root == "/" ? path : path.substr(root.size());
  const auto place = joined_path(beneath, below.empty() ? "." : below.substr(1));
  return place == "/" ? "." : place.substr(1);
}

// Whether the text has the path, or one below it, as a word.
bool names_path(std::string_view text, std::string_view path) {
  const auto is_part = [](char c) {
    return std::string_view("./_-").find(c) != std::string_view::npos || (c >= '0' && c <= '9') ||
           ((c | 32) >= 'a' && (c | 32) <= 'z');
  };
  for (auto at = text.find(path); at != std::string_view::npos; at = text.find(path, at + 1)) {
    const auto end = at + path.size();
    const bool begins = at == 0 || !is_part(text[at - 1]);
    const bool ends = end == text.size() || text[end] == '/' || !is_part(text[end]);
    if (begins && ends) return true;
  }
  return false;
}

// A copy of the whole context goes before what single ones let guess.
std::string context_folder(const std::vector<StageCopy>& copies, const std::string& path) {
  std::string guessed;
  for (const auto& copy : copies) {
    if (!copy.from.empty()) continue;
    const auto folder = folder_by(copy, path);
    if (folder && joined_path("/", copy.source) == "/") return *folder;
    if (folder) guessed = *folder;
  }
  return guessed;
}

}  // namespace

// Follows one stage from the first it is built from.
class BuildStages::Walk {
 public:
  Walk(BuildStages& outer, BuildStage& made) : outer_(outer), made_(made), variables_(outer.arguments_, nullptr) {}

  void take_stage(std::size_t index) {
    const auto& stage = outer_.stages_[index];
    if (stage.parent) {
      take_stage(*stage.parent);
    } else {
      variables_.begin_stage(outer_.global_);
      variables_.set_environment("GOPATH", "/go");
    }
    for (const auto* instruction : stage.instructions) take(*instruction);
  }

 private:
  void take(const DockerInstruction& made) {
    if (made.name == "ARG") {
      variables_.declare(outer_.file_, made);
    } else if (made.name == "ENV") {
      for (const auto& pair : outer_.file_.pairs(made)) set_environment(made, pair);
    } else if (made.name == "WORKDIR") {
      workdir_ = joined_path(workdir_, outer_.file_.expand(made, made.text, variables_));
    } else if (made.name == "COPY" || made.name == "ADD") {
      take_copy(made);
    } else if (made.name == "RUN") {
      take_run(made);
    }
  }

  void set_environment(const DockerInstruction& made, const DockerPair& pair) {
    const auto name = outer_.file_.expand(made, pair.name, variables_);
    const auto value = outer_.file_.expand(made, pair.value.value_or(""), variables_);
    variables_.set_environment(name, value);
    environment_[name] = value;
  }

  void take_copy(const DockerInstruction& made) {
    auto words = outer_.file_.arguments(made, variables_);
    if (words.size() < 2) return;
    const auto* from = made.flag("from");
    const auto from_name = from == nullptr ? std::string() : outer_.file_.expand(made, *from, variables_);
    const auto destination = words.back();
    words.pop_back();
    for (const auto& source : words) {
      const bool into = words.size() > 1 || destination.ends_with('/') || destination == ".";
      made_.copies.push_back({from_name, source, joined_path(workdir_, destination) + (into ? "/" : "")});
    }
  }

  void take_run(const DockerInstruction& made) {
    for (const auto& [name, value] : made.flags) {
      auto mount = fmt::format("--{}={}", name, value);
      if (std::find(made_.mounts.begin(), made_.mounts.end(), mount) == made_.mounts.end())
        made_.mounts.push_back(std::move(mount));
    }
    auto directory = workdir_;
    auto exported = std::vector<std::pair<std::string, std::string>>();
    const ShellVariable value_of = [&](const std::string& name) { return variables_.value_of(name); };
    const auto commands = commands_of_run(made, value_of);
    NewAccounts ignored;
    for (const auto& folder : effects_of(commands, ignored).made)
      made_.folders.push_back(joined_path(workdir_, folder));
    for (const auto& command : commands) {
      if (command.words[0] == "cd" && command.words.size() > 1) directory = joined_path(directory, command.words[1]);
      if (command.words[0] == "export") add_exported(command, exported);
      ++order_;
      if (auto go = go_command_of(command)) {
        go->line = made.line;
        go->order = order_;
        finish_go(*go, directory, exported);
        made_.go_commands.push_back(std::move(*go));
      } else {
        made_.accounts.push_back(command);
        if (!only_prepares(command)) made_.others.push_back({on_one_line(command.text), order_});
      }
    }
  }

  static void add_exported(const ShellCommand& command, std::vector<std::pair<std::string, std::string>>& exported) {
    for (const auto& word : command.words) {
      const auto equals = word.find('=');
      if (equals != std::string::npos) exported.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    }
  }

  void finish_go(GoCommand& go, const std::string& directory,
                 const std::vector<std::pair<std::string, std::string>>& exported) const {
    auto own = std::move(go.environment);
    go.environment.clear();
    const auto set = [&](const std::string& name, const std::string& value) {
      std::erase_if(go.environment, [&](const auto& one) { return one.first == name; });
      go.environment.emplace_back(name, value);
    };
    for (const auto& [name, value] : environment_) {
      if (is_go_variable(name) || name.starts_with("GOOS") || name.starts_with("GOARCH")) set(name, value);
    }
    for (const auto& [name, value] : exported) set(name, value);
    for (const auto& [name, value] : own) set(name, value);
    go.directory = joined_path(directory, go.directory);
    if (!go.installs) return;
    const auto bin = variables_.value_of("GOBIN");
    go.output = bin ? *bin : joined_path(variables_.value_of("GOPATH").value_or("/go"), "bin");
    for (const auto& [name, value] : go.environment) {
      if (name == "GOBIN") go.output = value;
    }
  }

  BuildStages& outer_;
  BuildStage& made_;
  ImportVariables variables_;
  std::map<std::string, std::string> environment_;
  std::string workdir_ = "/";
  std::size_t order_ = 0;
};

const BuildStage& BuildStages::at(std::size_t index) {
  const auto [found, is_new] = known_.try_emplace(index);
  if (is_new) Walk(*this, found->second).take_stage(index);
  return found->second;
}

std::optional<StageProgram> BuildStages::find_program(std::size_t index, const std::string& path, bool is_run) {
  const auto& stage = at(index);
  for (auto command = stage.go_commands.rbegin(); command != stage.go_commands.rend(); ++command) {
    const auto package = package_of(*command, path, is_run);
    if (!package) continue;
    StageProgram program{*command, *package, {}, index};
    program.directory = context_folder(stage.copies, command->directory);
    return program;
  }
  for (auto copy = stage.copies.rbegin(); copy != stage.copies.rend(); ++copy) {
    const auto from = copy->from.empty() ? std::nullopt : find_stage(stages_, copy->from, index);
    if (!from) continue;
    const auto name = copy->source.substr(copy->source.rfind('/') + 1);
    const auto place = copy->destination.ends_with('/') ? joined_path(copy->destination, name) : copy->destination;
    if (place != path) continue;
    auto program = find_program(*from, joined_path("/", copy->source), is_run);
    if (program) program->through.insert(program->through.begin(), index);
    return program;
  }
  return {};
}

std::optional<std::string> BuildStages::find_context_file(std::size_t index, const std::string& path) {
  const auto& copies = at(index).copies;
  for (auto copy = copies.rbegin(); copy != copies.rend(); ++copy) {
    const auto name = copy->source.substr(copy->source.rfind('/') + 1);
    const auto place = copy->destination.ends_with('/') ? joined_path(copy->destination, name) : copy->destination;
    if (joined_path("/", place) != path || name.empty() || name == ".") continue;
    const bool is_plain = copy->source.find_first_of("*?[{") == std::string::npos &&
                          copy->source.find("://") == std::string::npos && !copy->source.starts_with("<<");
    return copy->from.empty() && is_plain ? std::optional(copy->source) : std::nullopt;
  }
  return {};
}

std::optional<std::string> BuildStages::guess_context_file(std::size_t index, const std::string& path) {
  const auto slash = path.rfind('/');
  const auto folder = context_folder(at(index).copies, slash == 0 ? "/" : path.substr(0, slash));
  if (folder.empty()) return {};
  return joined_path(folder == "." ? "/" : folder, path.substr(slash + 1)).substr(1);
}

bool BuildStages::makes_folder(std::size_t index, const std::string& path) {
  const auto& stage = at(index);
  const auto is_below = [&](const std::string& other) { return is_in_folder(joined_path("/", other), path); };
  const auto names_it = [&](const StageCommand& command) {
    const bool only_changes = command.text.starts_with("chown ") || command.text.starts_with("chmod ");
    return !only_changes && names_path(command.text, path);
  };
  return std::any_of(stage.folders.begin(), stage.folders.end(), is_below) &&
         std::none_of(stage.copies.begin(), stage.copies.end(),
                      [&](const StageCopy& copy) { return is_below(copy.destination); }) &&
         std::none_of(stage.others.begin(), stage.others.end(), names_it);
}

}  // namespace ociassemble
