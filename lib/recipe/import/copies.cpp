// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/copies.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "recipe/import/build_member.hpp"

namespace ociassemble {
namespace {

bool text_holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string last_name(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

// A path of the build context, which nothing leads out of; "." for the context itself.
std::string in_context(std::string_view path) {
  const auto joined = joined_path("/", path);
  return joined == "/" ? "." : joined.substr(1);
}

bool is_octal(std::string_view text) {
  return !text.empty() && text.size() <= 4 && text.find_first_not_of("01234567") == std::string_view::npos;
}

bool is_archive(std::string_view source) {
  constexpr std::array<std::string_view, 8> kEnds{".tgz", ".txz", ".tbz", ".tbz2", ".tzst", ".tlz", ".tz2", ".taz"};
  return text_holds(last_name(source), ".tar") ||
         std::any_of(kEnds.begin(), kEnds.end(), [&](const auto& end) { return source.ends_with(end); });
}

// Where distributions keep the bundle of certificates, and the folder that holds it.
bool is_certificate_bundle(std::string_view path) {
  constexpr std::array<std::string_view, 8> kPlaces{"/etc/ssl/certs/ca-certificates.crt",
                                                    "/etc/ssl/certs/ca-bundle.crt",
                                                    "/etc/ssl/certs",
                                                    "/etc/ssl/cert.pem",
                                                    "/etc/ssl/ca-bundle.pem",
                                                    "/etc/pki/tls/certs/ca-bundle.crt",
                                                    "/etc/pki/tls/cacert.pem",
                                                    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"};
  return std::find(kPlaces.begin(), kPlaces.end(), path) != kPlaces.end();
}

bool is_usual_program(const std::string& flag, const std::string& value) {
  constexpr std::string_view kModes = " 755 0755 555 0555 +x a+x ";
  constexpr std::string_view kOwners = " root root:root 0 0:0 ";
  return text_holds(flag == "chmod" ? kModes : kOwners, " " + value + " ");
}

}  // namespace

void CopyImport::take(const DockerInstruction& made) {
  state_.variables.at(made);
  auto words = state_.file.arguments(made, state_.variables);
  if (words.size() < 2) state_.file.refuse(made.line, made.name + " is not SOURCE… DESTINATION");
  if (!made.heredocs.empty()) note_text(made);
  const auto destination = state_.absolute(made, words.back());
  words.pop_back();
  if (!destination || !state_.can_hold(made, *destination)) return;
  const bool is_several = words.size() > 1;
  for (const auto& source : words) {
    if (!made.heredocs.empty() && text_holds(source, "<<")) continue;
    auto place = is_several && !destination->ends_with('/') ? *destination + "/" : *destination;
    if (made.flag("parents") != nullptr && *made.flag("parents") != "false") {
      const auto pivot = source.find("/./");
      place = joined_path(place, in_context(pivot == std::string::npos ? source : source.substr(pivot + 3)));
    }
    if (const auto* from = made.flag("from")) {
      take_from(made, state_.expand(made, *from), source, place);
    } else {
      take_one(made, source, place);
    }
  }
}

void CopyImport::note_text(const DockerInstruction& made) {
  state_.notes.add(made, "write the text to a file of its own, and name it under \"files\"");
  for (const auto& heredoc : made.heredocs) {
    for (std::string_view body = heredoc.body; !body.empty();) {
      auto line = body.substr(0, body.find('\n'));
      body.remove_prefix(std::min(line.size() + 1, body.size()));
      if (heredoc.strips) line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      state_.notes.add_text(fmt::format("    {}", line));
    }
  }
}

void CopyImport::take_one(const DockerInstruction& made, const std::string& source, const std::string& destination) {
  if (text_holds(source, "://") || source.starts_with("git@"))
    return state_.notes.add(made, "download it before the build, check its digest, and name it under \"files\"");
  if (source.find_first_of("*?[") != std::string::npos)
    return state_.notes.add(made, "patterns are not carried over; name the files or their folder under \"files\"");
  if (made.name == "ADD" && is_archive(source))
    return state_.notes.add(made,
                            "archives are not unpacked here; unpack it before, and name the folder under \"files\"");
  if (text_holds(source, "{"))
    return state_.notes.add(made, "a recipe takes {…} in a path for the platform's words; give the file another name");
  if (holds_base(source)) {
    state_.can_hold(made, source);
    return;
  }
  DraftFile file;
  file.source = in_context(source);
  file.destination = destination;
  file.line = made.line;
  add_flags(made, file);
  // A folder follows the context's rules, wherever it lies in it. What has an extension is hardly a folder.
  const auto& ignore = state_.options.ignore_file;
  const bool by_itself = file.source == "." && ignore == ".dockerignore";
  if (!ignore.empty() && !by_itself && !text_holds(last_name(file.source).substr(1), "."))
    set_member(file.more, "ignore", json_text(ignore));
  state_.has_platforms = state_.has_platforms || holds_platform(file.source);
  state_.draft.files.push_back(std::move(file));
}

void CopyImport::add_flags(const DockerInstruction& made, DraftFile& file) {
  for (const auto& [flag, text] : made.flags) {
    const auto value = state_.expand(made, text);
    if (flag == "chown") {
      if (state_.can_hold(made, value)) set_member(file.more, "owner", json_text(value));
    } else if (flag == "chmod" && is_octal(state_.arguments.plain(value))) {
      set_member(file.more, "mode", json_text(value));
    } else if (flag == "exclude") {
      state_.notes.add(made,
                       fmt::format("--exclude={} is not carried over; leave it out by rules that \"ignore\" names",
                                   state_.arguments.plain(value)));
    } else if (flag != "link" && flag != "parents") {
      state_.notes.add(made, fmt::format("--{} is not carried over", flag));
    }
  }
}

void CopyImport::take_from(const DockerInstruction& made, const std::string& from, const std::string& source,
                           const std::string& destination) {
  const auto plain = state_.arguments.plain(from);
  const auto stage = find_stage(state_.stages, plain, state_.index);
  if (stage && plain != from)
    state_.notes.add(made, fmt::format("this is the stage {} with the arguments as they are", plain));
  const auto path = joined_path("/", source);
  const auto name = last_name(path);
  const auto place = destination.ends_with('/') ? destination + name : destination;
  const bool is_folder = path == "/etc/ssl/certs" || path == "/usr/share/zoneinfo";
  if (take_system_files(made, path, is_folder ? destination : place)) return;
  if (stage && (path == "/etc/passwd" || path == "/etc/group") && place == path) {
    state_.notes.add("Of the users and groups that are copied the recipe creates the one that USER names.");
    for (const auto& command : state_.builds.at(*stage).accounts) state_.accounts.read(command.words);
    return;
  }
  if (stage && !holds_base(path) && source.find_first_of("*?[{") == std::string::npos && state_.can_hold(made, place)) {
    const auto program = state_.builds.find_program(*stage, path, state_.is_run(place));
    if (program) return take_program(made, *program, name, place);
  }
  if (stage) {
    state_.notes.add(
        made, fmt::format("what stage {} makes there is not known here; make it before, outside, and name it under "
                          "\"files\", a program under \"binaries\"",
                          from));
  } else {
    state_.notes.add(made, fmt::format("files of the image {} are not copied; bring them here, and name them under "
                                       "\"files\", a program under \"binaries\"",
                                       state_.arguments.plain(from)));
  }
}

bool CopyImport::take_system_files(const DockerInstruction& made, const std::string& source,
                                   const std::string& destination) {
  const auto place = joined_path("/", destination);
  if (is_certificate_bundle(source) && is_certificate_bundle(place)) {
    set_member(state_.draft.simple, "caCertificates", "\"host\"");
    state_.notes.add(made, "the certificates are this host's; name a PEM file instead to have the same everywhere");
    return true;
  }
  if (source != "/usr/share/zoneinfo" || place != source) return false;
  set_member(state_.draft.simple, "tzdata", "\"host\"");
  state_.notes.add(made, "the zone data are this host's; name a zoneinfo folder instead to have the same everywhere");
  return true;
}

void CopyImport::take_program(const DockerInstruction& made, const StageProgram& program, const std::string& name,
                              const std::string& destination) {
  const auto build = build_member(program, state_.notes);
  const bool is_per_platform = build.json && build.uses_platform && !holds_platform(name);
  const auto folder = "bin/" + platform_mark("os") + "-" + platform_mark("arch") + "/";
  const auto source = is_per_platform ? folder + name : name;
  RecipeMembers members{{"source", json_text(source)}};
  if (build.json) set_member(members, "build", *build.json);
  state_.has_platforms = state_.has_platforms || holds_platform(source);
  set_member(state_.draft.binaries, destination, build.json ? line_object(members) : json_text(source));
  note_program(program, destination, build.reason);
  note_stage(program, destination);
  note_program_flags(made);
}

void CopyImport::note_program(const StageProgram& program, const std::string& destination,
                              const std::string& why_not_built) {
  const auto& stage = state_.stages[program.stage];
  const auto named = stage.name.empty() ? fmt::format("number {}", program.stage) : stage.name;
  const auto text = on_one_line(program.command.text);
  if (why_not_built.empty()) {
    state_.notes.add(
        fmt::format("Line {}: {} is built by `ociassemble build --compile`, or build it first, as stage {} "
                    "does: {}",
                    program.command.line, destination, named, text));
  } else {
    state_.notes.add(fmt::format("Line {}: build {} first, as stage {} does (it has no \"build\" here: {}): {}",
                                 program.command.line, destination, named, why_not_built, text));
  }
}

// What else the stage does, which may change the program.
void CopyImport::note_stage(const StageProgram& program, const std::string& destination) {
  const auto& stage = state_.builds.at(program.stage);
  std::vector<std::string> others;
  for (const auto& command : stage.others) {
    const auto text = on_one_line(command.text);
    if (std::find(others.begin(), others.end(), text) == others.end()) others.push_back(text);
  }
  if (!others.empty())
    state_.notes.add(fmt::format("Before {} is built the stage also runs, which nothing here does: {}", destination,
                                 fmt::join(others, "; ")));
  auto mounts = stage.mounts;
  mounts.erase(std::unique(mounts.begin(), mounts.end()), mounts.end());
  if (!mounts.empty())
    state_.notes.add(fmt::format("The stage's mounts have no counterpart here: {}", fmt::join(mounts, " ")));
}

void CopyImport::note_program_flags(const DockerInstruction& made) {
  for (const auto& [flag, text] : made.flags) {
    const auto value = state_.expand(made, text);
    if (flag == "from" || flag == "link" || is_usual_program(flag, value)) continue;
    state_.notes.add(made, fmt::format("a program is root's, with mode 0555; --{} is not carried over", flag));
  }
}

bool CopyImport::holds_place(const std::string& place) const {
  const auto& draft = state_.draft;
  return std::any_of(draft.binaries.begin(), draft.binaries.end(), [&](const auto& one) { return one.first == place; });
}

void CopyImport::take_own_program(std::size_t stage) {
  if (state_.run_words.empty() || holds_base(state_.workdir)) return;
  const auto& word = state_.run_words.front();
  for (const auto& folder : std::vector<std::string>{state_.workdir, "/go/bin", "/usr/local/bin"}) {
    const auto place = joined_path(folder, word);
    if (holds_place(place)) return;
    const auto program = state_.builds.find_program(stage, place, true);
    if (!program || program->stage != stage) continue;
    built_lines_.insert(program->command.line);
    return take_program(*state_.stages[stage].from, *program, last_name(place), place);
  }
}

void CopyImport::move_programs() {
  auto& files = state_.draft.files;
  for (auto file = files.begin(); file != files.end();) {
    const auto name = last_name(file->source);
    const auto place = file->destination.ends_with('/') ? file->destination + name : file->destination;
    const bool is_program = state_.is_run(place) && !text_holds(name, ".");
    if (!is_program || file->source == ".") {
      ++file;
      continue;
    }
    set_member(state_.draft.binaries, place, json_text(file->source));
    for (const auto& [member, json] : file->more) {
      const bool is_usual =
          member == "ignore" || is_usual_program(member == "mode" ? "chmod" : "chown", json.substr(1, json.size() - 2));
      if (is_usual) continue;
      state_.notes.add(
          fmt::format("Line {}: {} is a program, which is root's, with mode 0555; \"{}\" {} is not carried over.",
                      file->line, place, member, json));
    }
    file = files.erase(file);
  }
}

}  // namespace ociassemble
