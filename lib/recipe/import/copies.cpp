// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/copies.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>

#include "recipe/import/build_member.hpp"
#include "recipe/import/implied_policy.hpp"

namespace ociassemble {
namespace {

bool text_holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string last_name(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

// A path of the build context, which nothing leads out of; "." for the context itself.
std::string in_context(std::string_view path) {
  const auto joined = joined_path("/", path);
  return joined == "/" ? "." : joined.substr(1);
}

constexpr auto kNoLimit = std::numeric_limits<std::size_t>::max();

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
    const auto* from = made.flag("from");
    const auto from_name = from == nullptr ? std::string() : state_.expand(made, *from);
    if (from_name.empty()) {  // BuildKit, too, takes an empty name for the context
      take_one(made, source, place);
    } else {
      take_from(made, from_name, source, place);
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
      state_.notes.add_text(made.line, fmt::format("    {}", line));
    }
  }
}

void CopyImport::take_one(const DockerInstruction& made, const std::string& source, const std::string& destination) {
  if (text_holds(source, "://") || source.starts_with("git@"))
    return state_.note_lost(made, destination,
                            "download it before the build, check its digest, and name it under \"files\"");
  if (source.find_first_of("*?[") != std::string::npos)
    return state_.note_lost(made, destination,
                            "patterns are not carried over; name the files or their folder under \"files\"");
  if (made.name == "ADD" && is_archive(source))
    return state_.note_lost(made, destination,
                            "archives are not unpacked here; unpack it before, and name the folder under \"files\"");
  if (text_holds(source, "{"))
    return state_.note_lost(made, destination,
                            "a recipe takes {…} in a path for the platform's words; give the file another name");
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
    } else if (flag == "chmod" && is_octal_mode(state_.arguments.plain(value))) {
      set_member(file.more, "mode", json_text(value));
    } else if (flag == "exclude") {
      state_.notes.add(made,
                       fmt::format("--exclude={} is not carried over; leave it out by rules that \"ignore\" names",
                                   state_.arguments.plain(value)));
    } else if (flag != "from" && flag != "link" && flag != "parents") {
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
  const auto place = state_.place_of(destination, last_name(path));
  const auto image = stage ? image_of_stage(state_.stages, *stage) : from;
  if (!image.empty()) return take_from_image(made, image, source, destination);
  const bool is_folder = path == "/etc/ssl/certs" || path == "/usr/share/zoneinfo";
  if (take_system_files(made, path, is_folder ? destination : place)) return;
  if (stage && (path == "/etc/passwd" || path == "/etc/group") && place == path) {
    state_.notes.add("Of the users and groups that are copied the recipe creates the one that USER names.");
    for (const auto& command : state_.builds.at(*stage).accounts) state_.accounts.read(command.words);
    return;
  }
  const bool is_plain = !holds_base(path) && source.find_first_of("*?[{") == std::string::npos;
  if (stage && is_plain && take_from_stage(made, *stage, path, destination)) return;
  const auto guess = is_plain ? state_.builds.guess_context_file(*stage, path) : std::nullopt;
  const auto hint = guess ? fmt::format("; if no command makes it, it is {} of the context", *guess) : std::string();
  state_.note_lost(made, place,
                   fmt::format("what stage {} makes there is not known here; make it before, outside, and name it "
                               "under \"files\", a program under \"binaries\"{}",
                               from, hint));
}

// The file's own mode and owner are not taken over, as for every file.
void CopyImport::take_from_image(const DockerInstruction& made, const std::string& image, const std::string& source,
                                 const std::string& destination) {
  const auto path = joined_path("/", source);
  const auto place = state_.place_of(destination, last_name(path));
  const auto refuse = [&](const char* why) {
    state_.note_lost(made, place,
                     fmt::format("{}; bring the files of the image {} here, and name them under \"files\", a program "
                                 "under \"binaries\"",
                                 why, image));
  };
  if (source.find_first_of("*?[") != std::string::npos) return refuse("patterns are not carried over");
  if (text_holds(source, "{")) return refuse("a recipe takes {…} in a path for the platform's words");
  if (holds_base(source) || holds_base(image)) return refuse("a variable of the base is not known here");
  DraftFile file;
  file.source = path;
  file.from = image;
  file.destination = destination;
  file.line = made.line;
  add_flags(made, file);
  state_.has_platforms = state_.has_platforms || holds_platform(image) || holds_platform(path);
  state_.draft.files.push_back(std::move(file));
}

// A program, a file of the context that the stage hands on, or a folder that it makes.
bool CopyImport::take_from_stage(const DockerInstruction& made, std::size_t stage, const std::string& path,
                                 const std::string& destination) {
  const auto place = state_.place_of(destination, last_name(path));
  if (!state_.can_hold(made, place)) {
    state_.lost.push_back(place);
    return true;
  }
  if (const auto program = state_.builds.find_program(stage, path, state_.is_run(place))) {
    take_program(made, *program, last_name(path), place);
    return true;
  }
  const auto named = name_of_stage(stage);
  if (const auto source = state_.builds.find_context_file(stage, path)) {
    take_one(made, *source, place);
    if (!commands_of(stage, 0, kNoLimit).empty())
      state_.notes.add(made.line, fmt::format("{} is the context's {}, as it is; {}.", place, *source,
                                              change_by_stage(stage, path)));
    return true;
  }
  if (!state_.builds.makes_folder(stage, path)) return false;
  folders_.make(made.line, joined_path("/", destination));
  state_.notes.add(made.line,
                   fmt::format("{} is a folder that stage {} makes; here it is made empty.", destination, named));
  if (const auto* owner = made.flag("chown"))
    folders_.change_owner(made, {joined_path("/", destination), state_.arguments.plain(state_.expand(made, *owner)),
                                 false, fmt::format("--chown={}", *owner)});
  return true;
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
  state_.draft.policies.push_back(implied_policy(program, state_.arguments.plain(base_of_stage(program.stage))));
  const bool is_per_platform = build.json && build.uses_platform && !holds_platform(name);
  const auto folder = "bin/" + platform_mark("os") + "-" + platform_mark("arch") + "/";
  DraftFile binary;
  binary.source = is_per_platform ? folder + name : name;
  binary.destination = destination;
  binary.line = made.line;
  add_program_flags(made, binary);
  if (build.json) set_member(binary.more, "build", *build.json);
  state_.has_platforms = state_.has_platforms || holds_platform(binary.source);
  state_.draft.put_binary(std::move(binary));
  if (!build.platform.empty()) take_platform(program, build.platform);
  note_program(program, destination, build.reason);
  note_stages(program, destination);
}

// One that FROM --platform or another program names goes before.
void CopyImport::take_platform(const StageProgram& program, const std::string& platform) {
  auto& platforms = state_.draft.platforms;
  const auto line = program.command.line;
  if (platforms.empty()) platforms = {platform};
  if (platforms != std::vector<std::string>{platform})
    state_.notes.add(line, fmt::format("the program is for {}, which is not the image's platform here; see "
                                       "\"platforms\".",
                                       platform));
}

void CopyImport::note_program(const StageProgram& program, const std::string& destination,
                              const std::string& why_not_built) {
  const auto named = name_of_stage(program.stage);
  const auto text = on_one_line(program.command.text);
  if (why_not_built.empty()) {
    state_.notes.add(program.command.line,
                     fmt::format("{} is built by `ociassemble build --compile`, or build it first, as stage {} "
                                 "does: {}",
                                 destination, named, text));
  } else {
    state_.notes.add(program.command.line,
                     fmt::format("build {} first, as stage {} does (it has no \"build\" here: {}): {}", destination,
                                 named, why_not_built, text));
  }
}

// That of the stage that it is built from in the end.
std::string CopyImport::base_of_stage(std::size_t stage) const {
  while (state_.stages[stage].parent) stage = *state_.stages[stage].parent;
  return state_.stages[stage].base;
}

std::string CopyImport::name_of_stage(std::size_t index) const {
  const auto& stage = state_.stages[index];
  return stage.name.empty() ? fmt::format("number {}", index) : stage.name;
}

// Those from one place of the stage to another that may change what it makes, each once.
std::string CopyImport::commands_of(std::size_t stage, std::size_t from, std::size_t to) {
  std::vector<std::string> texts;
  for (const auto& command : state_.builds.at(stage).others) {
    const bool is_here = command.order >= from && command.order < to;
    if (is_here && std::find(texts.begin(), texts.end(), command.text) == texts.end()) texts.push_back(command.text);
  }
  return fmt::format("{}", fmt::join(texts, "; "));
}

// The commands that name the file, or that there are some.
std::string CopyImport::change_by_stage(std::size_t stage, const std::string& path) {
  std::vector<std::string> texts;
  for (const auto& command : state_.builds.at(stage).others) {
    if (text_holds(command.text, last_name(path))) texts.push_back(command.text);
  }
  if (texts.empty()) return fmt::format("commands of stage {} may change it", name_of_stage(stage));
  return fmt::format("stage {} also runs: {}", name_of_stage(stage), fmt::join(texts, "; "));
}

// What else the stages do, which may change the program.
void CopyImport::note_stages(const StageProgram& program, const std::string& destination) {
  const auto line = program.command.line;
  const auto note = [&](const std::string& head, const std::string& commands) {
    if (!commands.empty())
      state_.notes.add(line, fmt::format("{} also runs, which nothing here does: {}", head, commands));
  };
  note(fmt::format("before {} is built the stage", destination), commands_of(program.stage, 0, program.command.order));
  note(fmt::format("after {} is built the stage", destination),
       commands_of(program.stage, program.command.order, kNoLimit));
  for (const auto stage : program.through)
    note(fmt::format("stage {}, which hands {} on,", name_of_stage(stage), destination),
         commands_of(stage, 0, kNoLimit));
  const auto& mounts = state_.builds.at(program.stage).mounts;
  if (!mounts.empty())
    state_.notes.add(line, fmt::format("the stage's mounts have no counterpart here: {}", fmt::join(mounts, " ")));
}

void CopyImport::add_program_flags(const DockerInstruction& made, DraftFile& binary) {
  for (const auto& [flag, text] : made.flags) {
    const auto value = state_.expand(made, text);
    if (flag == "from" || flag == "link" || flag == "parents" || is_usual_program(flag, value)) continue;
    if (flag == "chown" && state_.can_hold(made, value)) {
      set_member(binary.more, "owner", json_text(value));
    } else if (flag == "chmod" && is_octal_mode(state_.arguments.plain(value))) {
      set_member(binary.more, "mode", json_text(value));
    } else if (flag != "chown") {
      state_.notes.add(made, fmt::format("--{} is not carried over", flag));
    }
  }
}

bool CopyImport::holds_place(const std::string& place) const {
  const auto& draft = state_.draft;
  return std::any_of(draft.binaries.begin(), draft.binaries.end(),
                     [&](const DraftFile& one) { return one.destination == place; });
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
    const auto place = state_.place_of(file->destination, name);
    if (!file->from.empty() || !state_.is_run(place) || text_holds(name, ".") || file->source == ".") {
      ++file;
      continue;
    }
    auto binary = std::move(*file);
    binary.destination = place;
    std::erase_if(binary.more, [](const auto& member) {
      const auto value = member.second.substr(1, member.second.size() - 2);
      return member.first == "ignore" || is_usual_program(member.first == "mode" ? "chmod" : "chown", value);
    });
    file = files.erase(file);
    state_.draft.put_binary(std::move(binary));
  }
}

}  // namespace ociassemble
