// SPDX-License-Identifier: Apache-2.0
#include "compare/causes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/slash_path.hpp"
#include "compare/compression_guess.hpp"

namespace ociassemble {
namespace {

std::string key_of(const std::vector<CauseChange>& changes, bool is_certain) {
  std::string key = is_certain ? "1" : "0";
  for (const auto& change : changes) {
    for (const auto* text : {&change.name, &change.before, &change.after}) {
      key += fmt::format("{}:", text->size()) + *text;
    }
  }
  return key;
}

constexpr std::size_t kMostStirred = 100'000;

// Folders in which something came or went: that alone gives them another time. Some of them, where they are very many.
std::set<std::string, std::less<>> stirred_folders(const FileChanges& files) {
  std::set<std::string, std::less<>> folders;
  for (const auto& file : files) {
    if (file.before && file.after) continue;
    const auto folder = folder_of(file.path);
    if (folders.find(folder) == folders.end()) folders.emplace(folder);
    if (folders.size() == kMostStirred) break;
  }
  return folders;
}

bool holds(const std::vector<FileAspect>& aspects, FileAspect aspect) {
  return std::find(aspects.begin(), aspects.end(), aspect) != aspects.end();
}

// Whether only what is beside the contents differs.
bool is_metadata_only(const FileChange& file) {
  return std::all_of(file.aspects.begin(), file.aspects.end(), [](FileAspect aspect) {
    return aspect == FileAspect::mtime || aspect == FileAspect::mode || aspect == FileAspect::owner ||
           aspect == FileAspect::xattrs;
  });
}

std::string base_name(const std::string& name, const std::string& digest) {
  return name.empty() || digest.empty() ? name + digest : name + "@" + digest;
}

void find_base_cause(const BaseComparison& base, CauseList& causes) {
  if (base.named_otherwise()) causes.add(CauseKind::base_named_otherwise, {{{}, base.name_before, base.name_after}});
  if (!base.moved()) return;
  causes.add(CauseKind::base,
             {{{}, base_name(base.name_before, base.digest_before), base_name(base.name_after, base.digest_after)}});
}

// The text of a JSON string that has no escapes, as times and media types have none.
std::string plain_text(const std::optional<std::string>& json) {
  if (!json) return {};
  return json->size() >= 2 && json->front() == '"' ? json->substr(1, json->size() - 2) : *json;
}

bool is_order_of_env(const ValueChange& change) {
  if (change.member != "config.Env" || !change.key.empty()) return false;
  return change.before && change.after;
}

}  // namespace

const char* cause_name(CauseKind kind) noexcept {
  switch (kind) {
    case CauseKind::base:
      return "base";
    case CauseKind::base_named_otherwise:
      return "base-named-otherwise";
    case CauseKind::format:
      return "format";
    case CauseKind::go_toolchain:
      return "go-toolchain";
    case CauseKind::go_platform:
      return "go-platform";
    case CauseKind::go_level:
      return "go-level";
    case CauseKind::go_package:
      return "go-package";
    case CauseKind::go_vcs_revision:
      return "go-vcs-revision";
    case CauseKind::go_vcs_modified:
      return "go-vcs-modified";
    case CauseKind::go_vcs_stamp:
      return "go-vcs-stamp";
    case CauseKind::go_module_added:
      return "go-module-added";
    case CauseKind::go_module_removed:
      return "go-module-removed";
    case CauseKind::go_module_changed:
      return "go-module-changed";
    case CauseKind::go_module_sums:
      return "go-module-sums";
    case CauseKind::go_tags:
      return "go-tags";
    case CauseKind::go_trimpath:
      return "go-trimpath";
    case CauseKind::go_link_flags:
      return "go-link-flags";
    case CauseKind::go_cgo:
      return "go-cgo";
    case CauseKind::go_setting:
      return "go-setting";
    case CauseKind::go_stripped:
      return "go-stripped";
    case CauseKind::go_code:
      return "go-code";
    case CauseKind::go_folder:
      return "go-folder";
    case CauseKind::go_build_id:
      return "go-build-id";
    case CauseKind::go_edited:
      return "go-edited";
    case CauseKind::compressor:
      return "compressor";
    case CauseKind::compression_level:
      return "compression-level";
    case CauseKind::tar_bytes:
      return "tar-bytes";
    case CauseKind::file_times:
      return "file-times";
    case CauseKind::file_modes:
      return "file-modes";
    case CauseKind::file_owners:
      return "file-owners";
    case CauseKind::file_attributes:
      return "file-attributes";
    case CauseKind::env_order:
      return "env-order";
    case CauseKind::created:
      return "created";
  }
  return "";
}

void CauseList::add(CauseKind kind, std::vector<CauseChange> changes, const std::string& path, bool is_certain) {
  const auto [place, is_new] = places_.try_emplace({kind, key_of(changes, is_certain)}, causes_.size());
  if (is_new && causes_.size() == kMostCauses) {
    places_.erase(place);
    return;
  }
  if (is_new) causes_.push_back({kind, {}, 0, std::move(changes), is_certain});
  auto& cause = causes_[place->second];
  if (path.empty()) return;
  ++cause.count;
  if (cause.paths.size() < kMostPaths) cause.paths.push_back(path);
}

std::vector<Cause> CauseList::take() {
  places_.clear();
  std::stable_sort(causes_.begin(), causes_.end(), [](const Cause& a, const Cause& b) { return a.kind < b.kind; });
  return std::move(causes_);
}

void find_file_causes(const FileChanges& files, CauseList& causes) {
  if (files.added() + files.removed() == files.size()) return;
  const auto stirred = stirred_folders(files);
  for (const auto& file : files) {
    if (!file.before || !file.after || !is_metadata_only(file)) continue;
    const auto path = file.path.empty() ? std::string(".") : file.path;
    const auto add = [&](FileAspect aspect, CauseKind kind) {
      if (holds(file.aspects, aspect)) causes.add(kind, {}, path);
    };
    if (file.after->type != EntryType::directory || stirred.find(file.path) == stirred.end())
      add(FileAspect::mtime, CauseKind::file_times);
    add(FileAspect::mode, CauseKind::file_modes);
    add(FileAspect::owner, CauseKind::file_owners);
    add(FileAspect::xattrs, CauseKind::file_attributes);
  }
}

void find_image_causes(const ImageComparison& comparison, const Image& before, const Image& after,
                       const CompareOptions& options, CauseList& causes) {
  find_base_cause(comparison.base, causes);
  find_compression_causes(comparison.layers, before, after, options, causes);
  std::vector<CauseChange> rewritten;
  for (const auto& layer : comparison.layers) {
    if (layer.change == LayerChange::changed && layer.was_read && layer.files.empty())
      rewritten.push_back({fmt::format("layer {}", layer.after->number), {}, {}});
  }
  if (!rewritten.empty()) causes.add(CauseKind::tar_bytes, std::move(rewritten));
  for (const auto& change : comparison.config) {
    if (is_order_of_env(change)) causes.add(CauseKind::env_order);
    if (change.member == "created")
      causes.add(CauseKind::created, {{{}, plain_text(change.before), plain_text(change.after)}});
  }
  for (const auto& change : comparison.manifest) {
    if (change.member == "mediaType")
      causes.add(CauseKind::format, {{{}, plain_text(change.before), plain_text(change.after)}});
  }
}

}  // namespace ociassemble
