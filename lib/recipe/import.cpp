// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/import.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "ociassemble/error.hpp"
#include "recipe/dockerfile.hpp"
#include "spec/text.hpp"

namespace ociassemble {
namespace {

using Texts = std::vector<std::string>;

// As a JSON string of a recipe, in which "${" begins an argument.
std::string quoted(std::string_view text) {
  std::string made = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '$' && i + 1 < text.size() && text[i + 1] == '{') made += '$';
    if (c == '"' || c == '\\') made += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      made += fmt::format("\\u{:04x}", c);
    } else {
      made += c;
    }
  }
  return made + "\"";
}

std::string array_of(const Texts& texts) {
  Texts all;
  for (const auto& text : texts) all.push_back(quoted(text));
  return fmt::format("[{}]", fmt::join(all, ", "));
}

bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string base_name(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

// ["a", "b"]: the words of an exec form; nothing for a shell form, as Docker does for what is no such array.
std::optional<Texts> exec_form(std::string_view text) {
  Texts words;
  std::size_t at = 1;
  if (text.empty() || text.front() != '[') return std::nullopt;
  const auto skip = [&] { at = std::min(text.find_first_not_of(" \t", at), text.size()); };
  for (skip(); at < text.size() && text[at] == '"'; skip()) {
    std::string word;
    for (++at; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\' && ++at == text.size()) return std::nullopt;
      if (text[at - 1] == '\\' && text[at] == 'u') return std::nullopt;
      const bool is_escape = text[at - 1] == '\\';
      word += is_escape && text[at] == 'n' ? '\n' : is_escape && text[at] == 't' ? '\t' : text[at];
    }
    words.push_back(std::move(word));
    ++at;
    skip();
    if (at < text.size() && text[at] == ',') ++at;
  }
  return at + 1 == text.size() && text[at] == ']' ? std::optional(words) : std::nullopt;
}

using JsonMembers =
    std::vector<std::pair<std::string, std::string>>;  // name and JSON; a later one of a name replaces it

void set(JsonMembers& members, const std::string& name, std::string json) {
  const auto found = std::find_if(members.begin(), members.end(), [&](const auto& one) { return one.first == name; });
  if (found != members.end()) {
    found->second = std::move(json);
  } else {
    members.emplace_back(name, std::move(json));
  }
}

std::string object_of(const JsonMembers& members) {
  if (members.empty()) return "{}";
  std::string text = "{\n";
  for (const auto& [name, json] : members) text += fmt::format("    {}: {},\n", quoted(name), json);
  return text + "  }";
}

struct Stage {
  std::string name;
  std::string base;
  std::vector<const DockerInstruction*> instructions;
  std::string go_build;  // its "RUN … go build …"
};

class Import {
 public:
  Import(const Dockerfile& file, const ImportOptions& options) : file_(file), options_(options) {
    for (const auto& instruction : file_.instructions) sort_in(instruction);
    if (stages_.empty()) file_.refuse(1, "there is no FROM");
  }

  std::string run() {
    take_stage(options_.target.empty() ? stages_.size() - 1 : target());
    if (!seen_user_) note("the Dockerfile names no user; an image made here runs as 65532:65532, not as root");
    std::string text = fmt::format("// Imported from {}.\n", printable(file_.name));
    for (const auto& line : notes_) text += "// " + line + "\n";
    text += "{\n";
    add(text, "base", quoted(base_));
    add_object(text, "binaries", binaries_);
    add_object(text, "files", files_);
    for (const auto& [name, json] : simple_) add(text, name, json);
    add_object(text, "env", env_);
    add_object(text, "labels", labels_);
    if (!ports_.empty()) add(text, "ports", array_of(ports_));
    if (!volumes_.empty()) add(text, "volumes", array_of(volumes_));
    return text + "}\n";
  }

 private:
  static void add(std::string& text, std::string_view name, std::string_view json) {
    text += fmt::format("  {}: {},\n", quoted(name), json);
  }
  static void add_object(std::string& text, std::string_view name, const JsonMembers& members) {
    if (!members.empty()) add(text, name, object_of(members));
  }

  void note(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    notes_.push_back(printable(text));
  }
  void note(const DockerInstruction& made, std::string_view advice) {
    note(fmt::format("Line {}: {} {}: {}", made.line, made.name, made.text.substr(0, 90), advice));
  }

  void sort_in(const DockerInstruction& made) {
    if (made.name == "FROM") {
      const auto words = file_.words(made, made.text, global_);
      const bool is_named = words.size() == 3 && (words[1] == "AS" || words[1] == "as" || words[1] == "As");
      if (words.size() != 1 && !is_named) file_.refuse(made.line, "FROM is not IMAGE [AS NAME]");
      if (words[0].empty()) file_.refuse(made.line, "the base is empty", "give its argument by --build-arg");
      stages_.push_back({is_named ? words[2] : "", words[0], {}, ""});
    } else if (!stages_.empty()) {
      stages_.back().instructions.push_back(&made);
      if (made.name == "RUN" && holds(made.text, "go build")) stages_.back().go_build = made.text;
    } else if (made.name == "ARG") {
      declare(made, global_);
    } else {
      file_.refuse(made.line, made.name + " stands before the first FROM");
    }
  }

  std::optional<std::size_t> find_stage(std::string_view name, std::size_t before) const {
    for (std::size_t i = 0; i < before; ++i) {
      if (stages_[i].name == name || std::to_string(i) == name) return i;
    }
    return std::nullopt;
  }

  std::size_t target() const {
    const auto found = find_stage(options_.target, stages_.size());
    if (found) return *found;
    throw Error(ErrorCode::not_found,
                fmt::format("cannot import {}: there is no stage {}", file_.name, printable(options_.target)),
                "name one of its FROM … AS NAME");
  }

  void declare(const DockerInstruction& made, DockerVariables& variables) const {
    for (const auto& word : file_.words(made, made.text, variables)) {
      const auto equals = word.find('=');
      const auto name = word.substr(0, equals);
      const auto given = options_.build_args.find(name);
      const auto outer = global_.find(name);
      if (given != options_.build_args.end()) {
        variables[name] = given->second;
      } else if (equals != std::string::npos) {
        variables[name] = word.substr(equals + 1);
      } else if (outer != global_.end()) {
        variables[name] = outer->second;
      } else if (name == "TARGETOS" || name == "TARGETARCH" || name == "TARGETPLATFORM") {
        variables[name] = name == "TARGETOS" ? "{os}" : name == "TARGETARCH" ? "{arch}" : "{os}/{arch}";
      }
    }
  }

  void take_stage(std::size_t index) {
    const auto& stage = stages_[index];
    // Base stages come before, so this ends.
    const auto parent = std::find_if(stages_.begin(), stages_.begin() + static_cast<std::ptrdiff_t>(index),
                                     [&](const Stage& other) { return other.name == stage.base; });
    if (parent != stages_.begin() + static_cast<std::ptrdiff_t>(index)) {
      take_stage(static_cast<std::size_t>(parent - stages_.begin()));
    } else {
      base_ = stage.base;
    }
    variables_ = environment_;
    index_ = index;
    for (const auto* made : stage.instructions) take(*made);
  }

  void take(const DockerInstruction& made) {
    const auto& name = made.name;
    if (name == "ARG") return declare(made, variables_);
    if (name == "ENV") return take_pairs(made, env_);
    if (name == "LABEL") return take_pairs(made, labels_);
    if (name == "COPY" || name == "ADD") return take_copy(made);
    if (name == "RUN") return take_run(made);
    if (name == "USER") return take_user(made);
    if (name == "WORKDIR") return take_workdir(made);
    if (name == "ENTRYPOINT" || name == "CMD") return take_command(made);
    if (name == "EXPOSE") return take_words(made, ports_, file_.words(made, made.text, variables_));
    if (name == "VOLUME") {
      return take_words(made, volumes_, exec_form(made.text).value_or(file_.words(made, made.text, variables_)));
    }
    if (name == "STOPSIGNAL") return set(simple_, "stopSignal", quoted(file_.expand(made, made.text, variables_)));
    if (name == "HEALTHCHECK") return take_healthcheck(made);
    if (name == "SHELL") shell_ = exec_form(made.text).value_or(shell_);
    if (name == "SHELL") return;
    if (name == "MAINTAINER") return set(labels_, "org.opencontainers.image.authors", quoted(made.text));
    note(made, "cannot be carried over; it is for images that are built from this one");
  }

  static void take_words(const DockerInstruction&, Texts& all, const Texts& words) {
    for (const auto& word : words) {
      if (std::find(all.begin(), all.end(), word) == all.end()) all.push_back(word);
    }
  }

  void put_pair(const DockerInstruction& made, JsonMembers& members, const std::string& name,
                const std::string& value) {
    set(members, name, quoted(value));
    if (made.name == "ENV") environment_[name] = variables_[name] = value;
  }

  void take_pairs(const DockerInstruction& made, JsonMembers& members) {
    const auto words = file_.words(made, made.text, variables_);
    if (holds(made.text.substr(0, made.text.find_first_of(" \t")), "=")) {
      for (const auto& word : words) {
        const auto equals = word.find('=');
        if (equals == std::string::npos || equals == 0) file_.refuse(made.line, made.name + " is not NAME=VALUE");
        put_pair(made, members, word.substr(0, equals), word.substr(equals + 1));
      }
      return;
    }
    const auto blank = made.text.find_first_of(" \t");
    if (blank == std::string::npos) file_.refuse(made.line, made.name + " has no value");
    const auto value = made.text.substr(std::min(made.text.find_first_not_of(" \t", blank), made.text.size()));
    put_pair(made, members, made.text.substr(0, blank), file_.expand(made, value, variables_));
  }

  std::string absolute(const std::string& path) const {
    if (!path.empty() && path.front() == '/') return path;
    const auto inner = path == "." || path == "./" ? std::string() : path.substr(path.rfind("./", 0) == 0 ? 2 : 0);
    return (workdir_ == "/" ? "" : workdir_) + "/" + inner;
  }

  void take_workdir(const DockerInstruction& made) {
    workdir_ = absolute(file_.expand(made, made.text, variables_));
    if (workdir_.size() > 1 && workdir_.back() == '/') workdir_.pop_back();
    set(simple_, "workdir", quoted(workdir_));
  }

  void take_command(const DockerInstruction& made) {
    auto words = exec_form(made.text);
    if (!words) {
      words = shell_;
      words->push_back(made.text);
    }
    set(simple_, made.name == "CMD" ? "cmd" : "entrypoint", array_of(*words));
  }

  void take_user(const DockerInstruction& made) {
    const auto user = file_.expand(made, made.text, variables_);
    seen_user_ = true;
    const auto created = users_.find(user.substr(0, user.find(':')));
    set(simple_, "user", created == users_.end() ? quoted(user) : created->second);
  }

  void take_healthcheck(const DockerInstruction& made) {
    if (made.text == "NONE" || made.text == "none") return set(simple_, "healthcheck", "\"NONE\"");
    if (made.text.substr(0, 3) != "CMD") file_.refuse(made.line, "HEALTHCHECK is neither CMD nor NONE");
    const auto command = made.text.substr(std::min(made.text.find_first_not_of(" \t", 3), made.text.size()));
    auto test = exec_form(command);
    if (test) {
      test->insert(test->begin(), "CMD");
    } else {
      test = Texts{"CMD-SHELL", command};
    }
    std::string json = fmt::format("{{\"test\": {}", array_of(*test));
    for (const auto& [flag, member] :
         {std::pair("interval", "interval"), {"timeout", "timeout"}, {"start-period", "startPeriod"}}) {
      const auto found = made.flags.find(flag);
      if (found != made.flags.end()) json += fmt::format(", \"{}\": {}", member, quoted(found->second));
    }
    const auto retries = made.flags.find("retries");
    if (retries != made.flags.end()) {
      const auto& digits = retries->second;
      if (digits.empty() || digits.size() > 6 || digits.find_first_not_of("0123456789") != std::string::npos)
        file_.refuse(made.line, "--retries is not a number");
      json += fmt::format(", \"retries\": {}", std::stoul(digits));
    }
    set(simple_, "healthcheck", json + "}");
  }

  void take_run(const DockerInstruction& made) {
    const bool certificates = holds(made.text, "ca-certificates");
    const bool zones = holds(made.text, "tzdata");
    if (certificates) set(simple_, "caCertificates", "\"host\"");
    if (zones) set(simple_, "tzdata", "\"host\"");
    const bool user = take_new_user(made);
    note(made, certificates || zones || user
                   ? "what is known of it is in this recipe; other effects of the command are not"
                   : "commands are not run here; add its result as files, or prepare a base that has it");
  }

  // "adduser -D -u 1001 app", "useradd --uid 1001 app": understood where the number is said.
  bool take_new_user(const DockerInstruction& made) {
    std::string uid;
    bool is_found = false;
    Texts rest;
    for (const auto& word : file_.words(made, made.text, variables_)) {
      if (word == "adduser" || word == "useradd") is_found = true;
      const bool ends = word == "&&" || word == ";" || word == "||";
      if (is_found && ends) break;
      if (is_found) rest.push_back(word);
    }
    for (std::size_t i = 0; i + 1 < rest.size(); ++i) {
      if (rest[i] == "-u" || rest[i] == "--uid") uid = rest[i + 1];
      if (rest[i].rfind("--uid=", 0) == 0) uid = rest[i].substr(6);
    }
    if (rest.size() < 2 || uid.empty() || uid.size() > 9 || uid.find_first_not_of("0123456789") != std::string::npos)
      return false;
    const auto& name = rest.back();
    if (name.empty() || name.front() == '-' || name == uid) return false;
    users_[name] = fmt::format("{{\"name\": {}, \"uid\": {}, \"create\": true}}", quoted(name), std::stoul(uid));
    return true;
  }

  void take_copy(const DockerInstruction& made) {
    if (!made.heredocs.empty()) return note(made, "write the text to a file of its own, and name it under \"files\"");
    auto words = exec_form(made.text).value_or(file_.words(made, made.text, variables_));
    if (words.size() < 2) file_.refuse(made.line, made.name + " is not SOURCE… DESTINATION");
    auto destination = absolute(words.back());
    words.pop_back();
    if (words.size() > 1 && destination.back() != '/') destination += '/';
    for (const auto& source : words) copy_one(made, source, destination, words.size() > 1);
  }

  void copy_one(const DockerInstruction& made, const std::string& source, const std::string& destination,
                bool is_one_of_many) {
    const auto from = made.flags.find("from");
    if (from != made.flags.end()) return copy_from(made, from->second, source, destination);
    if (holds(source, "://") || source.rfind("git@", 0) == 0)
      return note(made, "download it before the build, check its digest, and name it under \"files\"");
    if (source.find_first_of("*?[") != std::string::npos)
      return note(made, "patterns are not carried over; name the files or their folder under \"files\"");
    auto path = source.substr(std::min(source.find_first_not_of('/'), source.size()));
    if (path.empty()) path = ".";
    std::string json = quoted(path);
    const auto mode = made.flags.find("chmod");
    const auto owner = made.flags.find("chown");
    if (mode != made.flags.end() || owner != made.flags.end()) {
      json = fmt::format("{{\"source\": {}", quoted(path));
      if (mode != made.flags.end()) json += ", \"mode\": " + quoted(file_.expand(made, mode->second, variables_));
      if (owner != made.flags.end()) json += ", \"owner\": " + quoted(file_.expand(made, owner->second, variables_));
      json += "}";
    }
    set(files_, is_one_of_many ? destination + base_name(path) : destination, json);
  }

  void copy_from(const DockerInstruction& made, const std::string& from, const std::string& source,
                 const std::string& destination) {
    if (holds(source, "/etc/ssl") || holds(source, "ca-certificates"))
      return set(simple_, "caCertificates", "\"host\"");
    if (holds(source, "zoneinfo")) return set(simple_, "tzdata", "\"host\"");
    const auto stage = find_stage(from, index_);
    if (!stage || stages_[*stage].go_build.empty() || holds(base_name(source), "."))
      return note(made, "files of other images are not copied; bring them here, and name them under \"files\"");
    const auto place = destination.back() == '/' ? destination + base_name(source) : destination;
    set(binaries_, place, quoted(base_name(source)));
    note(fmt::format("Line {}: {} is built before, outside: CGO_ENABLED=0, as the stage {} does: {}", made.line, place,
                     from, stages_[*stage].go_build.substr(0, 90)));
  }

  const Dockerfile& file_;
  const ImportOptions& options_;
  std::vector<Stage> stages_;
  DockerVariables global_, environment_, variables_;
  std::size_t index_ = 0;
  std::string base_, workdir_ = "/";
  Texts notes_, ports_, volumes_, shell_{"/bin/sh", "-c"};
  JsonMembers binaries_, files_, simple_, env_, labels_;
  std::map<std::string, std::string> users_;  // name -> JSON
  bool seen_user_ = false;
};

}  // namespace

std::string import_dockerfile(std::string_view text, std::string_view name, const ImportOptions& options) {
  if (!is_valid_utf8(text)) {
    throw Error(ErrorCode::invalid_argument, fmt::format("cannot import {}: it is not UTF-8", printable(name)));
  }
  const auto file = Dockerfile::parse(text, name);
  return Import(file, options).run();
}

}  // namespace ociassemble
