// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "recipe/import/new_accounts.hpp"
#include "recipe/import/run.hpp"
#include "recipe/import/stages.hpp"
#include "recipe/import/text.hpp"

namespace ociassemble {
namespace {

using Texts = std::vector<std::string>;

bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string base_name(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

// On one line, without what it is indented by, and no longer than a line of a comment should be.
std::string shortened(std::string_view text) {
  constexpr std::size_t kMost = 90;
  std::string line;
  for (const char c : text) {
    const bool is_blank = c == ' ' || c == '\t' || c == '\n';
    if (!is_blank) line += c;
    if (is_blank && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  line = printable(line);
  return line.size() <= kMost ? line : line.substr(0, kMost) + " ...";
}

// A path of the build context, without what means nothing at either end; "." for the context itself.
std::string in_context(std::string_view path) {
  while (path.starts_with("/") || path.starts_with("./")) path.remove_prefix(1);
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return path.empty() ? "." : std::string(path);
}

bool is_octal(std::string_view text) {
  return !text.empty() && text.size() <= 4 && text.find_first_not_of("01234567") == std::string_view::npos;
}

// Walks through the instructions of one stage and those that it is built from.
class Import {
 public:
  Import(const Dockerfile& file, const ImportOptions& options)
      : file_(file),
        options_(options),
        arguments_(file, options.build_args),
        stages_(divide_stages(file, arguments_)) {}

  std::string run() {
    take_stage(options_.target.empty() ? stages_.size() - 1 : target());
    finish_command();
    if (!seen_user_) note("The Dockerfile names no user; an image made here runs as 65532:65532, not as root.");
    const auto rest = members();
    std::string text = fmt::format("// Imported from {}.\n", printable(file_.name));
    for (const auto& line : notes_) text += "// " + line + "\n";
    text += "{\n";
    add(text, "base", quoted(base_));
    if (has_platforms_ || holds_platform(base_)) add(text, "platforms", array_of({"linux/amd64"}));
    if (const auto args = arguments_.json(text + rest); !args.empty()) add(text, "args", args);
    return text + rest + "}\n";
  }

 private:
  static void add(std::string& text, std::string_view name, std::string_view json) {
    text += fmt::format("  {}: {},\n", quoted(name), json);
  }

  std::string members() const {
    std::string text;
    const auto add_object = [&](std::string_view name, const RecipeMembers& members) {
      if (!members.empty()) add(text, name, tall_object(members));
    };
    const auto add_array = [&](std::string_view name, const Texts& texts) {
      if (!texts.empty()) add(text, name, array_of(texts));
    };
    add_object("binaries", binaries_);
    add_object("files", files_);
    for (const auto& [name, json] : simple_) add(text, name, json);
    add_object("env", env_);
    add_object("labels", labels_);
    add_array("ports", ports_);
    add_array("volumes", volumes_);
    return text;
  }

  void note(std::string_view text) { notes_.push_back(printable(text)); }

  void note(const DockerInstruction& made, std::string_view advice) {
    note(fmt::format("Line {}: {} {}: {}.", made.line, made.name, shortened(made.text), advice));
  }

  std::size_t target() const {
    if (const auto found = find_stage(stages_, options_.target, stages_.size())) return *found;
    throw Error(ErrorCode::not_found,
                fmt::format("cannot import {}: there is no stage {}", file_.name, printable(options_.target)),
                "name one of its FROM … AS NAME");
  }

  void take_stage(std::size_t index) {
    const auto& stage = stages_[index];
    // Base stages come before, so this ends.
    if (const auto parent = find_stage(stages_, stage.base, index)) {
      take_stage(*parent);
    } else {
      base_ = stage.base;
    }
    variables_ = environment_;
    index_ = index;
    cmd_is_here_ = false;
    for (const auto* made : stage.instructions) take(*made);
  }

  void take(const DockerInstruction& made) {
    const auto& name = made.name;
    if (name == "ARG") return arguments_.declare(made, variables_, environment_);
    if (name == "ENV") return take_pairs(made, env_);
    if (name == "LABEL") return take_pairs(made, labels_);
    if (name == "COPY" || name == "ADD") return take_copy(made);
    if (name == "RUN") return take_run(made);
    if (name == "USER") return take_user(made);
    if (name == "WORKDIR") return take_workdir(made);
    if (name == "ENTRYPOINT") return take_entrypoint(made);
    if (name == "CMD") return take_cmd(made);
    if (name == "EXPOSE") return take_ports(made);
    if (name == "VOLUME") return add_new(volumes_, exec_form(made.text).value_or(words_of(made)));
    if (name == "STOPSIGNAL") return set_member(simple_, "stopSignal", quoted(text_of(made, made.text)));
    if (name == "HEALTHCHECK") return take_healthcheck(made);
    if (name == "MAINTAINER") return set_member(labels_, "org.opencontainers.image.authors", quoted(made.text));
    if (name == "SHELL") {
      shell_ = exec_form(made.text).value_or(shell_);
    } else {
      note(made, "it is for images that are built from this one, and is not carried over");
    }
  }

  Texts words_of(const DockerInstruction& made) const { return file_.words(made, made.text, variables_); }
  std::string text_of(const DockerInstruction& made, std::string_view text) const {
    return file_.expand(made, text, variables_);
  }

  static void add_new(Texts& all, const Texts& words) {
    for (const auto& word : words) {
      if (std::find(all.begin(), all.end(), word) == all.end()) all.push_back(word);
    }
  }

  void put_pair(const DockerInstruction& made, RecipeMembers& members, const std::string& name,
                const std::string& value) {
    if (made.name == "ENV") environment_[name] = variables_[name] = value;
    if (holds_platform(value)) {
      return note(made, "a recipe has the platform's words in paths only; say the value in a profile or by --env");
    }
    set_member(members, arguments_.plain(name), quoted(value));
  }

  void take_pairs(const DockerInstruction& made, RecipeMembers& members) {
    const auto blank = made.text.find_first_of(" \t");
    if (holds(made.text.substr(0, blank), "=")) {
      for (const auto& word : words_of(made)) {
        const auto equals = word.find('=');
        if (equals == std::string::npos || equals == 0) file_.refuse(made.line, made.name + " is not NAME=VALUE");
        put_pair(made, members, word.substr(0, equals), word.substr(equals + 1));
      }
      return;
    }
    if (blank == std::string::npos) file_.refuse(made.line, made.name + " has no value");
    const auto value = made.text.substr(std::min(made.text.find_first_not_of(" \t", blank), made.text.size()));
    put_pair(made, members, made.text.substr(0, blank), text_of(made, value));
  }

  // Against the working directory.
  std::string absolute(const std::string& path) const {
    if (path.starts_with("/")) return path;
    const auto inner = path == "." || path == "./" ? std::string() : path.substr(path.starts_with("./") ? 2 : 0);
    return (workdir_ == "/" ? "" : workdir_) + "/" + inner;
  }

  void take_workdir(const DockerInstruction& made) {
    workdir_ = absolute(text_of(made, made.text));
    if (workdir_.size() > 1 && workdir_.back() == '/') workdir_.pop_back();
    set_member(simple_, "workdir", quoted(workdir_));
  }

  Texts command_of(const DockerInstruction& made) const {
    if (auto words = exec_form(made.text)) return *words;
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

  // Without an entrypoint a cmd is the command; a recipe would put its first binary before it.
  void finish_command() {
    if (!entrypoint_ && cmd_) entrypoint_ = Texts();
    if (entrypoint_) set_member(simple_, "entrypoint", array_of(*entrypoint_));
    if (cmd_) set_member(simple_, "cmd", array_of(*cmd_));
  }

  void take_ports(const DockerInstruction& made) {
    for (const auto& port : words_of(made)) {
      if (holds(port, "-")) {
        note(made, "a range; name its ports one by one under \"ports\"");
      } else {
        add_new(ports_, {port});
      }
    }
  }

  void take_user(const DockerInstruction& made) {
    const auto text = text_of(made, made.text);
    const auto colon = text.find(':');
    const auto* created = accounts_.find(plain_number(arguments_.plain(text.substr(0, colon))));
    seen_user_ = true;
    if (created == nullptr) return set_member(simple_, "user", quoted(text));
    auto user = *created;
    if (colon != std::string::npos) user.group = plain_number(arguments_.plain(text.substr(colon + 1)));
    set_member(simple_, "user", created_user(made, user));
  }

  std::string created_user(const DockerInstruction& made, const NewUser& user) {
    auto uid = user.uid;
    if (!is_number(uid)) {
      uid = user.is_system ? "999" : "1000";
      note(fmt::format("Line {}: which number {} has is left to the command; {} is taken.", made.line, user.name, uid));
    }
    RecipeMembers members{{"name", quoted(user.name)}, {"uid", uid}};
    add_group(made, user, uid, members);
    if (!user.home.empty()) set_member(members, "home", quoted(user.home));
    if (!user.shell.empty()) set_member(members, "shell", quoted(user.shell));
    set_member(members, "create", "true");
    return line_object(members);
  }

  // Unless it is the user's own, with the same number.
  void add_group(const DockerInstruction& made, const NewUser& user, const std::string& uid, RecipeMembers& members) {
    const auto& group = user.group;
    const auto known = accounts_.groups.find(group.empty() ? user.name : group);
    if (is_number(group)) {
      if (group != uid) set_member(members, "gid", group);
    } else if (known != accounts_.groups.end()) {
      if (is_number(known->second) && known->second != uid) set_member(members, "gid", known->second);
      if (!group.empty() && group != user.name) set_member(members, "group", quoted(group));
    } else if (!group.empty() && group != user.name) {
      note(made, fmt::format("the number of the base's group {} is not known here; add \"gid\" to the user", group));
    }
  }

  void take_healthcheck(const DockerInstruction& made) {
    if (made.text == "NONE" || made.text == "none") return set_member(simple_, "healthcheck", "\"NONE\"");
    if (made.text.substr(0, 3) != "CMD") file_.refuse(made.line, "HEALTHCHECK is neither CMD nor NONE");
    const auto command = made.text.substr(std::min(made.text.find_first_not_of(" \t", 3), made.text.size()));
    auto test = exec_form(command);
    if (test) {
      test->insert(test->begin(), "CMD");
    } else {
      test = Texts{"CMD-SHELL", command};
    }
    RecipeMembers members{{"test", array_of(*test)}};
    for (const auto& [flag, text] : made.flags) add_health_option(made, flag, text_of(made, text), members);
    set_member(simple_, "healthcheck", line_object(members));
  }

  void add_health_option(const DockerInstruction& made, const std::string& flag, const std::string& value,
                         RecipeMembers& members) {
    if (flag == "interval" || flag == "timeout") return set_member(members, flag, quoted(value));
    if (flag == "start-period") return set_member(members, "startPeriod", quoted(value));
    if (flag == "retries") {
      const auto number = arguments_.plain(value);
      if (!is_number(number)) file_.refuse(made.line, "--retries is not a number");
      return set_member(members, flag, plain_number(number));
    }
    note(made, fmt::format("--{} is not carried over", flag));
  }

  Texts command_words(const DockerInstruction& made) const {
    return run_words(made, [&](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      if (found == variables_.end()) return {};
      return arguments_.plain(found->second);
    });
  }

  void take_run(const DockerInstruction& made) {
    const auto words = command_words(made);
    const auto names = [&](std::string_view word) {
      return std::find(words.begin(), words.end(), word) != words.end();
    };
    const bool certificates = names("ca-certificates") || names("ca-certificates-bundle");
    if (certificates) set_member(simple_, "caCertificates", "\"host\"");
    if (names("tzdata")) set_member(simple_, "tzdata", "\"host\"");
    const auto before = accounts_.users.size() + accounts_.groups.size();
    accounts_.read(words);
    const bool accounts = accounts_.users.size() + accounts_.groups.size() > before;
    note(made, certificates || names("tzdata") || accounts
                   ? "certificates, zone data and users are in this recipe; other effects of the command are not"
                   : advice_for(words));
  }

  void take_copy(const DockerInstruction& made) {
    if (!made.heredocs.empty()) return note_text(made);
    auto words = exec_form(made.text).value_or(words_of(made));
    if (words.size() < 2) file_.refuse(made.line, made.name + " is not SOURCE… DESTINATION");
    auto destination = arguments_.plain(absolute(words.back()));
    words.pop_back();
    if (words.size() > 1 && destination.back() != '/') destination += '/';
    for (const auto& source : words) {
      const auto from = made.flags.find("from");
      if (from != made.flags.end()) {
        copy_from(made, text_of(made, from->second), source, destination);
      } else {
        copy_one(made, source, words.size() > 1 ? destination + base_name(source) : destination);
      }
    }
  }

  void note_text(const DockerInstruction& made) {
    note(made, "write the text to a file of its own, and name it under \"files\"");
    for (std::string_view body : made.heredocs) {
      for (auto end = body.find('\n'); end != std::string_view::npos; end = body.find('\n')) {
        note(fmt::format("    {}", body.substr(0, end)));
        body.remove_prefix(end + 1);
      }
    }
  }

  void copy_one(const DockerInstruction& made, const std::string& source, const std::string& destination) {
    if (holds(source, "://") || source.starts_with("git@"))
      return note(made, "download it before the build, check its digest, and name it under \"files\"");
    if (source.find_first_of("*?[") != std::string::npos)
      return note(made, "patterns are not carried over; name the files or their folder under \"files\"");
    if (made.name == "ADD" && (holds(source, ".tar") || holds(source, ".tgz")))
      return note(made, "archives are not unpacked here; unpack it before, and name the folder under \"files\"");
    const auto path = in_context(source);
    RecipeMembers members{{"source", quoted(path)}};
    add_copy_flags(made, members);
    // A folder follows the context's rules, wherever it lies in it. What has an extension is hardly a folder.
    const bool by_itself = path == "." && options_.ignore_file == ".dockerignore";
    if (!options_.ignore_file.empty() && !by_itself && !holds(base_name(path).substr(1), "."))
      set_member(members, "ignore", quoted(options_.ignore_file));
    has_platforms_ = has_platforms_ || holds_platform(path);
    set_member(files_, destination, members.size() == 1 ? quoted(path) : line_object(members));
  }

  void add_copy_flags(const DockerInstruction& made, RecipeMembers& members) {
    for (const auto& [flag, text] : made.flags) {
      const auto value = text_of(made, text);
      if (flag == "chown") {
        set_member(members, "owner", quoted(value));
      } else if (flag == "chmod" && is_octal(arguments_.plain(value))) {
        set_member(members, "mode", quoted(value));
      } else if (flag != "link") {
        note(made, fmt::format("--{} is not carried over", flag));
      }
    }
  }

  void copy_from(const DockerInstruction& made, const std::string& from, const std::string& source,
                 const std::string& destination) {
    if (holds(source, "/etc/ssl") || holds(source, "ca-certificates"))
      return set_member(simple_, "caCertificates", "\"host\"");
    if (holds(source, "zoneinfo")) return set_member(simple_, "tzdata", "\"host\"");
    const auto stage = find_stage(stages_, from, index_);
    if (stage && (source == "/etc/passwd" || source == "/etc/group")) return take_accounts_of(stages_[*stage]);
    const auto name = base_name(source);
    if (!stage || stages_[*stage].go_build.empty() || name.empty() || holds(name, "."))
      return note(made, "files of other images are not copied; bring them here, and name them under \"files\"");
    has_platforms_ = has_platforms_ || holds_platform(name);
    const auto place = destination.back() == '/' ? destination + arguments_.plain(name) : destination;
    set_member(binaries_, place, quoted(name));
    note(fmt::format("Line {}: {} is built before, outside, as the stage {} does: {}", made.line, place, from,
                     shortened(stages_[*stage].go_build)));
  }

  void take_accounts_of(const ImportStage& stage) {
    for (const auto* made : stage.instructions) {
      if (made->name == "RUN") accounts_.read(command_words(*made));
    }
  }

  const Dockerfile& file_;
  const ImportOptions& options_;
  ImportArguments arguments_;
  const std::vector<ImportStage> stages_;
  DockerVariables environment_, variables_;
  std::size_t index_ = 0;  // of the stage that is being taken
  std::string base_, workdir_ = "/";
  Texts notes_, ports_, volumes_, shell_{"/bin/sh", "-c"};
  std::optional<Texts> entrypoint_, cmd_;
  bool cmd_is_here_ = false;
  RecipeMembers binaries_, files_, simple_, env_, labels_;
  NewAccounts accounts_;
  bool seen_user_ = false;
  bool has_platforms_ = false;
};

}  // namespace

std::string import_dockerfile(std::string_view text, std::string_view name, const ImportOptions& options) {
  const auto refuse = [&](const char* why) {
    throw Error(ErrorCode::invalid_argument, fmt::format("cannot import {}: {}", printable(name), why));
  };
  if (!is_valid_utf8(text)) refuse("it is not UTF-8");
  if (holds_marks(text)) refuse("it holds control bytes");
  const auto file = Dockerfile::parse(text, name);
  return Import(file, options).run();
}

}  // namespace ociassemble
