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
#include "recipe/import/copies.hpp"
#include "recipe/import/healthcheck.hpp"
#include "recipe/import/implied_policy.hpp"
#include "recipe/import/import_state.hpp"
#include "recipe/import/ports.hpp"
#include "recipe/import/profiles.hpp"
#include "recipe/import/run_import.hpp"
#include "recipe/import/service_user.hpp"
#include "recipe/import/text.hpp"

namespace ociassemble {
namespace {

using Texts = std::vector<std::string>;

// Walks through the instructions of one stage and those that it is built from.
class Import : private ImportState {
 public:
  Import(const Dockerfile& dockerfile, const ImportOptions& import_options) : ImportState(dockerfile, import_options) {}

  ImportedRecipe run() {
    const auto last = options.target.empty() ? stages.size() - 1 : target();
    find_run_words(last);
    take_stage(last);
    finish();
    auto text = members();
    return {printable(file.name), notes.lines(), std::move(text)};
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
    if (name == "RUN") return run_.take(made);
    if (name == "USER") return user_.take(made);
    if (name == "WORKDIR") return take_workdir(made);
    if (name == "ENTRYPOINT") return take_entrypoint(made);
    if (name == "CMD") return take_cmd(made);
    if (name == "EXPOSE") return take_ports(made);
    if (name == "VOLUME") return take_volumes(made);
    if (name == "STOPSIGNAL") return take_stop_signal(made);
    if (name == "HEALTHCHECK") return import_healthcheck(*this, made);
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
    if (fits && holds_base(value))
      notes.add(made.line,
                fmt::format("the base may set {}, which this file does not; the recipe takes it from the base.",
                            base_variables_of(value)));
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
    folders_.enter(made.line, workdir);
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
      folders_.add_volume(made.line, joined_path(workdir, text));
    }
  }

  // Without an entrypoint a cmd is the command; a recipe would put its first binary before it.
  void finish() {
    user_.settle();
    copies_.move_programs();
    copies_.take_own_program(index);
    run_.finish(copies_);
    if (!entrypoint_ && cmd_ && !draft.binaries.empty()) {
      entrypoint_ = Texts();
      if (draft.base != "scratch")
        notes.add(
            "An ENTRYPOINT of the base, which Docker would keep before the CMD, is cleared by \"entrypoint\": [].");
    }
    if (!entrypoint_ && !draft.binaries.empty() && !cmd_)
      notes.add("The Dockerfile says neither ENTRYPOINT nor CMD; the image made here runs its first binary.");
    if (entrypoint_) set_member(draft.simple, "entrypoint", array_of(*entrypoint_));
    if (cmd_) set_member(draft.simple, "cmd", array_of(*cmd_));
    folders_.finish();
    user_.finish();
    add_policy();
    notes.add(
        "Everywhere: files and folders are read-only (modes 0444 and 0555, unless \"readOnly\" is false) and have no "
        "times, the user is numbers, and labels say how the image is run.");
    for (const auto& name : arguments.undeclared())
      notes.add(fmt::format("No ARG declares {}, so --build-arg {} has no effect.", printable(name), printable(name)));
  }

  // The rules that the stages' commands follow, so that `build` refuses what was built otherwise.
  void add_policy() {
    if (!options.policy) return;
    const auto rules = common_policy(draft.policies);
    if (!rules.empty()) return set_member(draft.simple, "policy", line_object(rules));
    notes.add("The stages imply no policy: no go command that all programs have in common says how they are built.");
  }

  std::string members() {
    const auto rest = draft.members();
    auto head = recipe_line("base", json_text(draft.base));
    if (draft.platforms.empty() && (has_platforms || holds_platform(draft.base))) {
      draft.platforms = {"linux/amd64"};
      notes.add(
          "The image is for linux/amd64; Docker takes the building machine's platform. Name others under "
          "\"platforms\".");
    }
    if (!draft.platforms.empty()) head += recipe_line("platforms", array_of(draft.platforms));
    if (const auto args = arguments.json(head + rest); !args.empty()) head += recipe_line("args", args);
    return head + rest;
  }

  UserImport user_{*this};
  FolderImport folders_{*this, user_};
  RunImport run_{*this, folders_};
  CopyImport copies_{*this, folders_};
  Texts shell_{"/bin/sh", "-c"};
  std::optional<Texts> entrypoint_, cmd_;
  bool cmd_is_here_ = false;
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
