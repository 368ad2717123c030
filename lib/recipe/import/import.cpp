// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/import.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/recipe.hpp"
#include "recipe/duration.hpp"
#include "recipe/import/copies.hpp"
#include "recipe/import/go_commands.hpp"
#include "recipe/import/import_state.hpp"
#include "recipe/import/ports.hpp"
#include "recipe/import/profiles.hpp"
#include "recipe/import/run.hpp"
#include "recipe/import/text.hpp"

namespace ociassemble {
namespace {

using Texts = std::vector<std::string>;

// Walks through the instructions of one stage and those that it is built from.
class Import : private ImportState {
 public:
  Import(const Dockerfile& dockerfile, const ImportOptions& import_options)
      : ImportState(dockerfile, import_options), copies_(*this) {}

  ImportedRecipe run() {
    const auto last = options.target.empty() ? stages.size() - 1 : target();
    find_run_words(last);
    take_stage(last);
    finish();
    const auto rest = draft.members();
    auto head = recipe_line("base", json_text(draft.base));
    if (draft.platforms.empty() && (has_platforms || holds_platform(draft.base))) draft.platforms = {"linux/amd64"};
    if (!draft.platforms.empty()) head += recipe_line("platforms", array_of(draft.platforms));
    if (const auto args = arguments.json(head + rest); !args.empty()) head += recipe_line("args", args);
    return {printable(file.name), notes.lines(), head + rest};
  }

 private:
  std::size_t target() const {
    if (const auto found = find_stage(stages, options.target, stages.size())) return *found;
    throw Error(ErrorCode::not_found,
                fmt::format("cannot import {}: there is no stage {}", file.name, printable(options.target)),
                "name one of its FROM … AS NAME");
  }

  void find_run_words(std::size_t at) {
    const auto& stage = stages[at];
    for (const auto* made : stage.instructions) {
      if (made->name != "ENTRYPOINT" && made->name != "CMD") continue;
      const auto words = made->exec ? *made->exec : divide_at_blanks(made->text);
      run_words.insert(run_words.end(), words.begin(), words.end());
    }
    if (run_words.empty() && stage.parent) find_run_words(*stage.parent);
  }

  void take_stage(std::size_t at) {
    const auto& stage = stages[at];
    // Base stages come before, so this ends.
    if (stage.parent) {
      take_stage(*stage.parent);
    } else {
      draft.base = stage.base;
      variables.begin_stage(global);
    }
    take_platform(stage);
    index = at;
    cmd_is_here_ = false;
    for (const auto* made : stage.instructions) take(*made);
  }

  void take_platform(const ImportStage& stage) {
    if (stage.platform.empty()) return;
    if (stage.from->flag("platform")->find("BUILDPLATFORM") != std::string::npos)
      return notes.add(*stage.from, "the base is the image's platform's here, not the building machine's");
    if (holds_platform(stage.platform)) return;
    if (arguments.plain(stage.platform).find('/') == std::string::npos)
      return notes.add(*stage.from, "name the platform under \"platforms\", as OS/ARCHITECTURE");
    draft.platforms = {stage.platform};
  }

  void take(const DockerInstruction& made) {
    const auto& name = made.name;
    variables.at(made);
    if (name == "ARG") return variables.declare(file, made);
    if (name == "ENV") return take_pairs(made, draft.env);
    if (name == "LABEL") return take_pairs(made, draft.labels);
    if (name == "COPY" || name == "ADD") return copies_.take(made);
    if (name == "RUN") return take_run(made);
    if (name == "USER") return take_user(made);
    if (name == "WORKDIR") return take_workdir(made);
    if (name == "ENTRYPOINT") return take_entrypoint(made);
    if (name == "CMD") return take_cmd(made);
    if (name == "EXPOSE") return take_ports(made);
    if (name == "VOLUME") return take_volumes(made);
    if (name == "STOPSIGNAL") return take_stop_signal(made);
    if (name == "HEALTHCHECK") return take_healthcheck(made);
    if (name == "MAINTAINER") return take_maintainer(made);
    if (name == "SHELL") return take_shell(made);
    notes.add(made, "it is for images that are built from this one, and is not carried over");
  }

  void take_maintainer(const DockerInstruction& made) {
    set_member(draft.labels, "org.opencontainers.image.authors", json_text(made.text));
    notes.add(made, "the author is a label here");
  }

  void take_shell(const DockerInstruction& made) {
    if (!made.exec || made.exec->empty()) file.refuse(made.line, "SHELL is no JSON array of words");
    shell_ = *made.exec;
    notes.add(made, "it holds for the shell forms of this file; the image does not name it");
  }

  void take_stop_signal(const DockerInstruction& made) {
    const auto text = expand(made, made.text);
    if (can_hold(made, text)) set_member(draft.simple, "stopSignal", json_text(text));
  }

  // All are expanded before one is set, as Docker does.
  void take_pairs(const DockerInstruction& made, RecipeMembers& members) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const auto& pair : file.pairs(made))
      pairs.emplace_back(expand(made, pair.name), expand(made, pair.value.value_or("")));
    for (const auto& [name, value] : pairs) put_pair(made, members, name, value);
  }

  void put_pair(const DockerInstruction& made, RecipeMembers& members, const std::string& name,
                const std::string& value) {
    if (made.name == "ENV") variables.set_environment(name, value);
    if (name.empty()) file.refuse(made.line, made.name + " has an empty name");
    if (!can_hold(made, name)) return;
    // What the base sets is known when the image is made, in its environment only.
    const bool fits = made.name == "ENV" && !holds_platform(value) ? true : can_hold(made, value);
    if (fits) return set_member(members, name, json_text(value));
    remove_member(members, name);
  }

  void take_workdir(const DockerInstruction& made) {
    const auto path = expand(made, made.text);
    if (holds_base(path) || holds_platform(path)) {
      can_hold(made, path);
      workdir = path;
      knows_workdir = false;
      return remove_member(draft.simple, "workdir");
    }
    const auto found = absolute(made, path);
    if (!found) return;
    workdir = joined_path("/", *found);
    knows_workdir = true;
    set_member(draft.simple, "workdir", json_text(workdir));
  }

  Texts command_of(const DockerInstruction& made) const {
    if (made.exec) return *made.exec;
    auto words = shell_;
    words.push_back(made.text);
    return words;
  }

  // A cmd that was inherited, and is not of this stage, goes with the entrypoint that it was for.
  void take_entrypoint(const DockerInstruction& made) {
    entrypoint_ = command_of(made);
    if (!cmd_is_here_) cmd_.reset();
  }

  void take_cmd(const DockerInstruction& made) {
    cmd_ = command_of(made);
    cmd_is_here_ = true;
  }

  void take_ports(const DockerInstruction& made) {
    for (const auto& text : file.expand_words(made, made.text, variables)) {
      if (!can_hold(made, text)) continue;
      const auto spec = read_port(text);
      if (!spec) file.refuse(made.line, fmt::format("{} is no port", printable(arguments.plain(text))));
      if (spec->names_host) notes.add(made, "a port of the host is said when the image is run, not in the image");
      if (spec->ports.empty())
        notes.add(made, "a range of more than 256 ports, or of arguments; name its ports under \"ports\"");
      for (const auto& port : spec->ports) draft.add_port(port);
    }
  }

  void take_volumes(const DockerInstruction& made) {
    for (const auto& text : file.arguments(made, variables)) {
      if (text.empty()) file.refuse(made.line, "VOLUME has an empty path");
      if (!can_hold(made, text)) continue;
      add_folder({made.line, joined_path(workdir, text), "VOLUME"});
    }
  }

  void take_user(const DockerInstruction& made) {
    const auto text = expand(made, made.text);
    seen_user_ = true;
    if (!can_hold(made, text)) return remove_member(draft.simple, "user");
    if (text.empty()) return notes.add(made, "the user is empty; name it under \"user\"");
    const auto colon = text.find(':');
    const auto* created = accounts.find(plain_number(arguments.plain(text.substr(0, colon))));
    created_.clear();
    if (created == nullptr) return set_member(draft.simple, "user", json_text(text));
    auto user = *created;
    created_ = user.name;
    if (colon != std::string::npos) user.group = plain_number(arguments.plain(text.substr(colon + 1)));
    set_member(draft.simple, "user", created_user(made, user));
  }

  std::string created_user(const DockerInstruction& made, const NewUser& user) {
    auto uid = arguments.plain(user.uid);
    if (!is_number(uid)) {
      uid = user.is_system ? "999" : "1000";
      notes.add(fmt::format("Line {}: which number {} has is left to the command; {} is taken.", made.line,
                            arguments.plain(user.name), uid));
    }
    RecipeMembers members{{"name", json_text(user.name)}, {"uid", uid}};
    add_group(made, user, uid, members);
    if (!user.home.empty()) set_member(members, "home", json_text(user.home));
    if (!user.shell.empty()) set_member(members, "shell", json_text(user.shell));
    set_member(members, "create", "true");
    return line_object(members);
  }

  // Unless it is the user's own, with the same number.
  void add_group(const DockerInstruction& made, const NewUser& user, const std::string& uid, RecipeMembers& members) {
    const auto& group = user.group;
    const auto known = accounts.groups.find(group.empty() ? user.name : group);
    const auto number = plain_number(arguments.plain(group));
    if (is_number(number)) {
      if (number != uid) set_member(members, "gid", number);
    } else if (known != accounts.groups.end()) {
      const auto gid = plain_number(arguments.plain(known->second));
      if (is_number(gid) && gid != uid) set_member(members, "gid", gid);
      if (!group.empty() && group != user.name) set_member(members, "group", json_text(group));
    } else if (!group.empty() && group != user.name) {
      notes.add(made, fmt::format("the number of the base's group {} is not known here; add \"gid\" to the user",
                                  arguments.plain(group)));
    }
  }

  void take_healthcheck(const DockerInstruction& made) {
    const auto words = divide_at_blanks(made.text);
    auto kind = words.front();
    for (char& c : kind) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    if (kind == "NONE" && words.size() == 1) return set_member(draft.simple, "healthcheck", "\"NONE\"");
    if (kind != "CMD") file.refuse(made.line, "HEALTHCHECK is neither CMD nor NONE");
    const auto command = made.text.substr(std::min(made.text.find_first_not_of(" \t", 3), made.text.size()));
    if (command.empty()) file.refuse(made.line, "HEALTHCHECK CMD has no command");
    Texts test{"CMD-SHELL", command};
    try {
      if (const auto array = exec_form(command)) {
        test = *array;
        test.insert(test.begin(), "CMD");
      }
    } catch (const Error& error) {
      file.refuse(made.line, error.what());
    }
    RecipeMembers members{{"test", array_of(test)}};
    for (const auto& [flag, text] : made.flags) add_health_option(made, flag, text, members);
    set_member(draft.simple, "healthcheck", line_object(members));
  }

  void add_health_option(const DockerInstruction& made, const std::string& flag, const std::string& value,
                         RecipeMembers& members) {
    if (flag == "retries") {
      if (!is_number(value)) file.refuse(made.line, "--retries is not a number");
      if (plain_number(value) != "0") set_member(members, flag, plain_number(value));  // 0: the runtime's own
      return;
    }
    const auto name = flag == "start-period" ? "startPeriod" : flag;
    if (name != "interval" && name != "timeout" && name != "startPeriod")
      return notes.add(made, fmt::format("--{} is not carried over", flag));
    try {
      if (value != "0" && parse_duration(value).count() != 0) set_member(members, name, json_text(value));
    } catch (const Error&) {
      notes.add(made, fmt::format("--{} is not carried over; write it as 30s, 1m30s or 500ms", flag));
    }
  }

  void take_run(const DockerInstruction& made) {
    Texts worked_out;  // arguments whose values go into numbers and paths
    const ShellVariable value_of = [&](const std::string& name) -> std::optional<std::string> {
      const auto value = variables.value_of(name);
      if (!value) return {};
      auto plain = arguments.plain(*value);
      if (plain != *value)
        worked_out.push_back(fmt::format("Line {}: {} is taken as it is now, \"{}\"; --set does not change it.",
                                         made.line, name, plain));
      return plain;
    };
    const auto known = accounts.users.size() + accounts.groups.size();
    auto commands = commands_of_run(made, value_of);
    std::erase_if(commands, [&](const ShellCommand& command) {
      if (!go_command_of(command)) return false;
      go_commands_.push_back({&made, command.text});
      return true;
    });
    const auto effects = effects_of(commands, accounts);
    const bool is_used = accounts.users.size() + accounts.groups.size() > known || !effects.made.empty();
    if (is_used || !effects.owned.empty()) {
      for (const auto& line : worked_out) notes.add(line);
    }
    if (effects.certificates) {
      set_member(draft.simple, "caCertificates", "\"host\"");
      notes.add("The certificates are this host's, not the package's; name a PEM file to have the same everywhere.");
    }
    if (effects.zone_data) {
      set_member(draft.simple, "tzdata", "\"host\"");
      notes.add(
          "The zone data are this host's, not the package's; name a zoneinfo folder to have the same everywhere.");
    }
    for (const auto& path : effects.made) add_folder({made.line, joined_path(workdir, path), "mkdir"});
    for (const auto& path : effects.owned) add_folder({made.line, joined_path(workdir, path), "chown"});
    if (effects.left.empty()) return;
    Texts left;
    for (const auto& text : effects.left) left.push_back(on_one_line(text));
    notes.add(made, fmt::format("not carried over: {} ({})", fmt::join(left, "; "), effects.advice));
  }

  // A folder that an instruction makes, gives away or calls a volume.
  struct Folder {
    std::size_t line;
    std::string path;
    std::string how;
  };
  void add_folder(Folder folder) { folders_.push_back(std::move(folder)); }

  // Whether the image has files of ours there, or below.
  bool holds_files(const std::string& path) const {
    const auto is_below = [&](const std::string& destination) {
      return joined_path("/", destination) == path || path == "/" || destination.starts_with(path + "/");
    };
    return std::any_of(draft.files.begin(), draft.files.end(),
                       [&](const auto& one) { return is_below(one.destination); }) ||
           std::any_of(draft.binaries.begin(), draft.binaries.end(),
                       [&](const auto& one) { return is_below(one.first); });
  }

  // What the service writes to is known when everything has its place.
  void finish_folders() {
    Texts volumes;
    for (const auto& folder : folders_) {
      if (!holds_files(folder.path)) {
        draft.add_writable(folder.path);
      } else if (folder.how == "VOLUME") {
        if (std::find(volumes.begin(), volumes.end(), folder.path) == volumes.end()) volumes.push_back(folder.path);
      } else if (folder.how == "chown") {
        notes.add(
            fmt::format("Line {}: {} holds files of the image, which stay root's and read-only; name what is "
                        "written to under \"writable\".",
                        folder.line, folder.path));
      }
    }
    if (!volumes.empty()) set_member(draft.simple, "volumes", array_of(volumes));
  }

  // An owner by name must be there; one that is not created is its number.
  void finish_owners() {
    for (auto& one : draft.files) {
      const auto owner =
          std::find_if(one.more.begin(), one.more.end(), [](const auto& member) { return member.first == "owner"; });
      if (owner == one.more.end()) continue;
      for (const auto& user : accounts.users) {
        if (user.name == created_ || !is_number(user.uid)) continue;
        const auto group = accounts.groups.find(user.group.empty() ? user.name : user.group);
        const auto gid = group == accounts.groups.end() || !is_number(group->second) ? user.uid : group->second;
        const bool is_user = owner->second == json_text(user.name);
        if (is_user || owner->second == json_text(user.name + ":" + user.name))
          owner->second = json_text(user.uid + ":" + gid);
      }
    }
  }

  void finish_accounts() {
    for (const auto& user : accounts.users) {
      if (user.name == created_) continue;
      notes.add(
          fmt::format("The user {} is not created, since no USER of the image names it.", arguments.plain(user.name)));
    }
  }

  // Without an entrypoint a cmd is the command; a recipe would put its first binary before it.
  void finish() {
    copies_.move_programs();
    copies_.take_own_program(index);
    for (const auto& [made, text] : go_commands_) {
      if (!copies_.is_built(made->line))
        notes.add(*made, fmt::format("not carried over: {} (build the program before, outside, and name it under "
                                     "\"binaries\")",
                                     on_one_line(text)));
    }
    if (!entrypoint_ && cmd_) entrypoint_ = Texts();
    if (!entrypoint_ && !draft.binaries.empty())
      notes.add("The Dockerfile says neither ENTRYPOINT nor CMD; the image made here runs its first binary.");
    if (entrypoint_) set_member(draft.simple, "entrypoint", array_of(*entrypoint_));
    if (cmd_) set_member(draft.simple, "cmd", array_of(*cmd_));
    finish_folders();
    finish_owners();
    finish_accounts();
    if (!seen_user_) notes.add("The Dockerfile names no user; an image made here runs as 65532:65532, not as root.");
  }

  CopyImport copies_;
  Texts shell_{"/bin/sh", "-c"};
  std::optional<Texts> entrypoint_, cmd_;
  std::vector<Folder> folders_;
  struct GoLine {
    const DockerInstruction* made;
    std::string text;
  };
  std::vector<GoLine> go_commands_;
  std::string created_;  // the user that the recipe creates
  bool cmd_is_here_ = false;
  bool seen_user_ = false;
};

ImportedRecipe import_one(std::string_view text, std::string_view name, const ImportOptions& options) {
  const auto refuse = [&](const char* why) {
    throw Error(ErrorCode::invalid_argument, fmt::format("cannot import {}: {}", printable(name), why));
  };
  if (!is_valid_utf8(text)) refuse("it is not UTF-8");
  if (holds_marks(text)) refuse("it holds control bytes");
  const auto file = Dockerfile::parse(text, name);
  return Import(file, options).run();
}

}  // namespace

std::string import_dockerfile(std::string_view text, std::string_view name, const ImportOptions& options) {
  const auto recipe = import_one(text, name, options);
  std::vector<ImportedProfile> profiles;
  for (const auto& profile : options.profiles) {
    const bool is_same_file = profile.text.empty();
    const ImportOptions own{profile.target, options.build_args, profile.ignore_file, {}};
    profiles.push_back(
        {profile.name, import_one(is_same_file ? text : profile.text, is_same_file ? name : profile.file, own)});
  }
  auto whole = recipe_with_profiles(recipe, profiles);
  if (!profiles.empty()) Recipe::parse(whole, kRecipeFileName);  // refuses odd names and one that is there twice
  return whole;
}

}  // namespace ociassemble
