// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/import_state.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ociassemble {

ImportState::ImportState(const Dockerfile& dockerfile, const ImportOptions& import_options)
    : file(dockerfile),
      options(import_options),
      arguments(import_options.build_args, dockerfile),
      global(arguments, &notes),
      stages(divide_stages(dockerfile, global, arguments, notes)),
      builds(dockerfile, stages, global, arguments),
      variables(arguments, &notes) {}

std::string ImportState::expand(const DockerInstruction& made, std::string_view text) {
  variables.at(made);
  return file.expand(made, text, variables);
}

bool ImportState::can_hold(const DockerInstruction& made, std::string_view text) {
  if (holds_base(text)) {
    notes.add(made, fmt::format("the base may set {}, which is not known here; write the value into the recipe",
                                base_variables_of(text)));
    return false;
  }
  if (holds_platform(text)) {
    notes.add(
        made,
        "a recipe has the platform's words in sources only; say the value in a profile, or by an option of build");
    return false;
  }
  return true;
}

std::optional<std::string> ImportState::absolute(const DockerInstruction& made, const std::string& path) {
  if (!path.starts_with('/') && !knows_workdir) {
    if (holds_base(workdir)) {
      notes.add(made, "the working directory is not known here; write an absolute path");
      return {};
    }
    if (draft.base != "scratch")
      notes.add(made,
                "the path is taken from /; it is the base's working directory in Docker, which is not known here");
  }
  const bool is_folder = path.empty() || path.ends_with('/') || path == "." || path.ends_with("/.");
  const auto joined = joined_path(workdir, path);
  return is_folder && joined != "/" ? joined + "/" : joined;
}

void ImportState::note_lost(const DockerInstruction& made, const std::string& place, const std::string& text) {
  lost.push_back(place);
  notes.add(made, text);
}

std::string ImportState::place_of(const std::string& destination, const std::string& name) const {
  if (destination.ends_with('/')) return destination + name;
  const auto below = destination + "/";
  const auto is_folder = [&](const std::string& folder) { return folder == destination || folder.starts_with(below); };
  const auto is_above = [&](const DraftFile& one) { return one.destination.starts_with(below); };
  const bool is_made = std::any_of(folders.begin(), folders.end(), is_folder) ||
                       std::any_of(draft.files.begin(), draft.files.end(), is_above) ||
                       std::any_of(draft.binaries.begin(), draft.binaries.end(), is_above);
  constexpr std::string_view kUsual =
      " /bin /etc /home /opt /root /sbin /srv /tmp /usr /usr/bin /usr/lib /usr/local /usr/local/bin /usr/local/sbin "
      "/usr/sbin /usr/share /var /var/lib ";
  const bool is_of_base = draft.base != "scratch" && kUsual.find(" " + destination + " ") != std::string_view::npos;
  return is_made || is_of_base ? below + name : destination;
}

// Of a base that is not known, "bin" and "sbin" are taken to be in PATH.
bool ImportState::is_in_path(const std::string& folder) const {
  if (folder.ends_with("/bin") || folder.ends_with("/sbin")) return true;
  const auto path = ":" + arguments.plain(variables.value_of("PATH").value_or("")) + ":";
  return !folder.empty() && path.find(":" + folder + ":") != std::string::npos;
}

bool ImportState::is_run(const std::string& path) const {
  const auto slash = path.rfind('/');
  const auto name = path.substr(slash + 1);
  return std::any_of(run_words.begin(), run_words.end(), [&](const std::string& word) {
    if (word.find('/') == std::string::npos) return word == name && is_in_path(path.substr(0, slash));
    return joined_path(workdir, word) == path;
  });
}

}  // namespace ociassemble
