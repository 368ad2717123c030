// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/folders.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ociassemble {
namespace {

bool is_at_or_below(std::string_view path, std::string_view folder) {
  return path == folder || folder == "/" || (path.starts_with(folder) && path.substr(folder.size()).starts_with('/'));
}

bool lists_mode(std::string_view modes, const std::string& mode) {
  return modes.find(fmt::format(" {} ", mode)) != std::string_view::npos;
}

bool has_extension(std::string_view path) {
  return path.substr(path.rfind('/') + 1).find('.', 1) != std::string_view::npos;
}

}  // namespace

void FolderImport::make(std::size_t line, const std::string& path) {
  folders_.push_back({line, path, Kind::made, {}});
  state_.folders.push_back(path);
}

void FolderImport::add_volume(std::size_t line, const std::string& path) {
  folders_.push_back({line, path, Kind::volume, {}});
}

void FolderImport::enter(std::size_t line, const std::string& path) {
  entered_.push_back({line, path, Kind::made, {}});
  state_.folders.push_back(path);
}

std::vector<DraftFile*> FolderImport::files_at(const PathChange& change) {
  std::vector<DraftFile*> found;
  for (auto* files : {&state_.draft.files, &state_.draft.binaries}) {
    for (auto& file : *files) {
      const auto place = joined_path("/", file.place());
      if (place == change.path || (change.is_recursive && is_at_or_below(place, change.path))) found.push_back(&file);
    }
  }
  return found;
}

// Whether a folder that is copied may bring what lies there, or a copy that is not carried over.
bool FolderImport::may_be_of_copy(const std::string& path) const {
  const auto is_above = [&](const DraftFile& file) {
    const auto place = joined_path("/", file.destination);
    return place != path && is_at_or_below(path, place) && !has_extension(file.source);
  };
  const auto is_lost = [&](const std::string& place) { return is_at_or_below(path, joined_path("/", place)); };
  return std::any_of(state_.draft.files.begin(), state_.draft.files.end(), is_above) ||
         std::any_of(state_.lost.begin(), state_.lost.end(), is_lost);
}

bool FolderImport::is_folder(const std::string& path) const {
  const auto is_same = [&](const Folder& folder) { return folder.path == path; };
  return std::any_of(folders_.begin(), folders_.end(), is_same) ||
         std::any_of(entered_.begin(), entered_.end(), is_same);
}

void FolderImport::change_owner(const DockerInstruction& made, const PathChange& change) {
  const auto refuse = [&] {
    state_.notes.add(made, fmt::format("not carried over: {} (say \"owner\" of the file in this recipe)", change.text));
  };
  const auto files = files_at(change);
  const bool has_user = !change.value.empty() && change.value.front() != ':';
  if (!files.empty() && !has_user) return refuse();
  // chown leaves the group as it is, which is root's.
  const auto colon = change.value.find(':');
  const auto owner = colon == std::string::npos ? change.value + ":0" : change.value;
  for (auto* file : files)
    set_member(file->more, "owner", json_text(owner.back() == ':' ? owner.substr(0, colon) : owner));
  const bool is_known = is_folder(change.path);
  const bool is_file = !files.empty() && std::any_of(files.begin(), files.end(), [&](const DraftFile* file) {
    return joined_path("/", file->place()) == change.path && has_extension(file->source);
  });
  const bool is_program = std::any_of(state_.draft.binaries.begin(), state_.draft.binaries.end(),
                                      [&](const DraftFile& file) { return file.destination == change.path; });
  if (is_file || is_program) return;
  if (!is_known && files.empty() && (may_be_of_copy(change.path) || has_extension(change.path))) return refuse();
  folders_.push_back({made.line, change.path, Kind::owned, change.value});
}

bool FolderImport::change_mode(const DockerInstruction& made, const PathChange& change) {
  if (is_folder(change.path)) {
    if (!lists_mode(" 755 0755 u=rwx,go=rx a+rx u+rwx u+w ", change.value))
      modes_.push_back({made.line, change.path, change.value});
    return true;
  }
  const auto files = files_at(change);
  const bool adds_x = lists_mode(" +x a+x u+x ug+x +rx a+rx ", change.value);
  if (files.empty() || !(is_octal_mode(change.value) || (adds_x && !change.is_recursive))) return false;
  for (auto* file : files) set_member(file->more, "mode", json_text(adds_x ? "0755" : change.value));
  if (adds_x) state_.notes.add(made.line, fmt::format("{} has mode 0755 here, for {}.", change.path, change.text));
  return true;
}

// Whether the image has files of ours there, or below.
bool FolderImport::holds_files(const std::string& path) const {
  const auto is_below = [&](const DraftFile& file) {
    return is_at_or_below(joined_path("/", file.destination), path) ||
           is_at_or_below(joined_path("/", file.place()), path);
  };
  return std::any_of(state_.draft.files.begin(), state_.draft.files.end(), is_below) ||
         std::any_of(state_.draft.binaries.begin(), state_.draft.binaries.end(), is_below);
}

void FolderImport::finish_owner(const Folder& folder) {
  if (holds_files(folder.path)) {
    state_.notes.add(folder.line,
                     fmt::format("{} is, or holds, files of the image, which stay read-only, and a folder root's; name "
                                 "what is written to under \"writable\".",
                                 folder.path));
    return;
  }
  state_.draft.add_writable(folder.path);
  if (!folder.owner.empty() && !user_.is_service(folder.owner))
    state_.notes.add(folder.line,
                     fmt::format("{} is the image's user's here, not that of {}.", folder.path, folder.owner));
}

void FolderImport::finish_folder(const Folder& folder, std::vector<std::string>& volumes) {
  if (folder.kind == Kind::owned) return finish_owner(folder);
  if (!holds_files(folder.path)) return state_.draft.add_writable(folder.path);
  const bool is_new = std::find(volumes.begin(), volumes.end(), folder.path) == volumes.end();
  if (folder.kind == Kind::volume && is_new) volumes.push_back(folder.path);
}

// Docker makes the folder of each.
void FolderImport::note_workdirs() {
  for (const auto& entered : entered_) {
    const auto is_below = [&](const std::string& path) { return is_at_or_below(path, entered.path); };
    const auto& writable = state_.draft.writable;
    if (is_below(state_.workdir) || holds_files(entered.path) ||
        std::any_of(writable.begin(), writable.end(), is_below))
      continue;
    state_.notes.add(
        entered.line,
        fmt::format("the folder {} is made by this WORKDIR alone, and not here; name it under \"writable\" "
                    "if the service needs it.",
                    entered.path));
  }
}

void FolderImport::finish() {
  std::vector<std::string> volumes;
  for (const auto& folder : folders_) finish_folder(folder, volumes);
  if (!volumes.empty()) set_member(state_.draft.simple, "volumes", array_of(volumes));
  for (const auto& mode : modes_) {
    state_.notes.add(mode.line, fmt::format("the mode {} of the folder {} is not carried over; it has 0755, or the "
                                            "base's.",
                                            mode.mode, mode.path));
  }
  if (!state_.draft.writable.empty())
    state_.notes.add("Each folder under \"writable\" is a volume, and belongs to the image's user.");
  note_workdirs();
}

}  // namespace ociassemble
