// SPDX-License-Identifier: Apache-2.0
#include "assemble/placement.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "bases/static_base.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxPath = 4095;

[[noreturn]] void reject_path(std::string_view what, std::string_view path, std::string_view why,
                              std::string hint = {}) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot use {} \"{}\": {}", what, path, why), std::move(hint));
}

void append_component(std::string& path, std::string_view component, std::string_view what, std::string_view text) {
  if (component.empty() || component == ".") return;
  if (component == "..") reject_path(what, text, "it has a \"..\" and could leave the image's root");
  if (component.size() > kMaxName) reject_path(what, text, "a name in it is longer than 255 bytes");
  if (component.substr(0, 4) == ".wh.")
    reject_path(what, text, "a name that begins with .wh. means a deletion in a layer");
  if (!path.empty()) path += '/';
  path += component;
}

std::vector<std::string> reversed_names(std::string_view path) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto name = path.substr(begin, end - begin);
    if (!name.empty() && name != ".") names.emplace_back(name);
    begin = end + 1;
  }
  std::reverse(names.begin(), names.end());
  return names;
}

void take_metadata(TarEntry& entry, const Tree::Node& node) {
  entry.mode = node.mode;
  entry.uid = node.uid;
  entry.gid = node.gid;
  entry.xattrs = node.xattrs();
}

}  // namespace

std::string canonical_path(std::string_view text, std::string_view what) {
  if (text.empty() || text.front() != '/') {
    reject_path(what, text, "it does not begin with /",
                "write the path as the container will see it, for example /usr/local/bin/app");
  }
  if (text.find('\0') != std::string_view::npos) reject_path(what, text, "it holds a NUL byte");
  if (text.size() > kMaxPath) reject_path(what, text, "it is longer than 4095 bytes");
  std::string path;
  for (std::size_t begin = 1; begin <= text.size();) {
    const auto end = std::min(text.find('/', begin), text.size());
    append_component(path, text.substr(begin, end - begin), what, text);
    begin = end + 1;
  }
  return path;
}

std::string canonical_folder(std::string_view text, std::string_view what) {
  auto path = canonical_path(text, what);
  if (path.empty()) reject_path(what, text, "it is the root of the image", "name the folders in it that are meant");
  return path;
}

std::string Placement::resolve(const std::string& path) const { return base_.resolve_parent(path); }

void Placement::check_free(const TarEntry& entry) const {
  const auto taken = placed_.find(entry.path);
  const bool is_directory = entry.type == EntryType::directory;
  const bool replaces = !is_directory && replaceable_.count(entry.path) != 0;
  if (taken != placed_.end() && !replaces && !(is_directory && taken->second.type == EntryType::directory)) {
    reject_path("destination", "/" + entry.path, "two inputs would be placed there",
                "give one of them another destination");
  }
  const auto* node = base_.find(entry.path);
  if (node != nullptr && node->type == EntryType::directory && entry.type != EntryType::directory) {
    reject_path("destination", "/" + entry.path, "it is a directory in the base",
                "add the file's name to the destination");
  }
  if (node != nullptr && node->type != EntryType::directory && node->type != EntryType::symlink &&
      entry.type == EntryType::directory) {
    reject_path("destination", "/" + entry.path, "it is a file in the base, and a folder would replace it");
  }
  const auto below = placed_.lower_bound(entry.path + "/");
  if (entry.type != EntryType::directory && below != placed_.end() && below->first.rfind(entry.path + "/", 0) == 0) {
    reject_path("destination", "/" + entry.path, fmt::format("/{} is placed below it", below->first));
  }
}

void Placement::add_parents(const std::string& path) {
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const auto parent = path.substr(0, slash);
    const auto placed = placed_.find(parent);
    if (placed != placed_.end() && placed->second.type != EntryType::directory) {
      reject_path("destination", "/" + path, fmt::format("/{} is placed as a file or link, not a directory", parent));
    }
    const auto* node = base_.find(parent);
    if (node != nullptr && node->type != EntryType::directory) {
      reject_path("destination", "/" + path, fmt::format("/{} is no directory in the base", parent));
    }
    if (layer_.count(parent) != 0) continue;
    auto made = directory_entry(parent, 0755, 0, 0, mtime_);
    if (placed != placed_.end()) {
      made.entry = placed->second;
    } else if (node != nullptr) {
      take_metadata(made.entry, *node);
    }
    layer_.emplace(parent, std::move(made));
  }
}

void Placement::add(LayerEntry made, Existing existing) {
  auto& entry = made.entry;
  entry.path = entry.type == EntryType::directory ? base_.resolve(entry.path) : resolve(entry.path);
  if (entry.path.empty()) return;
  check_free(entry);
  add_parents(entry.path);
  const auto* node = base_.find(entry.path);
  if (entry.type == EntryType::directory && node != nullptr && existing == Existing::keep) {
    take_metadata(entry, *node);
  }
  placed_.insert_or_assign(entry.path, entry);
  replaceable_.erase(entry.path);
  const auto path = entry.path;
  layer_.insert_or_assign(path, std::move(made));
}

void Placement::begin_overlay() {
  for (const auto& [path, entry] : placed_) {
    if (entry.type != EntryType::directory) replaceable_.insert(path);
  }
}

const TarEntry* Placement::find(const std::string& path) const {
  const auto found = placed_.find(path);
  return found == placed_.end() ? nullptr : &found->second;
}

bool Placement::has_below(const std::string& folder) const {
  const auto below = placed_.lower_bound(folder + "/");
  return below != placed_.end() && below->first.rfind(folder + "/", 0) == 0;
}

bool Placement::has_directory(const std::string& path) const {
  const auto resolved = base_.resolve(path);
  const auto placed = placed_.find(resolved);
  return placed != placed_.end() ? placed->second.type == EntryType::directory : has_below(resolved);
}

bool Placement::has_file(std::string_view path) const {
  constexpr int kMostLinks = 40;  // as Linux
  auto pending = reversed_names(path);
  std::vector<std::string> at;
  for (int links = 0; !pending.empty();) {
    const auto name = std::move(pending.back());
    pending.pop_back();
    if (name == "..") {
      if (!at.empty()) at.pop_back();
      continue;
    }
    at.push_back(name);
    const auto where = fmt::format("{}", fmt::join(at, "/"));
    const auto placed = placed_.find(where);
    const auto* node = base_.find(where);
    if (placed == placed_.end() && node == nullptr && !has_below(where)) return false;
    const auto type = placed != placed_.end() ? placed->second.type
                      : node != nullptr       ? node->type
                                              : EntryType::directory;
    if (type == EntryType::regular || type == EntryType::hard_link) return pending.empty();
    if (type == EntryType::directory) continue;
    if (type != EntryType::symlink || ++links > kMostLinks) return false;
    const auto& target = placed != placed_.end() ? placed->second.link_target : node->link_target();
    at.pop_back();
    if (target.starts_with('/')) at.clear();
    for (auto& next : reversed_names(target)) pending.push_back(std::move(next));
  }
  return false;
}

std::vector<std::string> Placement::paths() const {
  std::vector<std::string> paths;
  for (const auto& [path, entry] : placed_) paths.push_back(path);
  return paths;
}

std::vector<std::string> Placement::programs() const {
  std::vector<std::string> paths;
  for (const auto& [path, entry] : placed_) {
    if (entry.type == EntryType::regular && (entry.mode & 0111U) != 0) paths.push_back("/" + path);
  }
  return paths;
}

std::vector<LayerEntry> Placement::take_layer() {
  std::vector<LayerEntry> entries;
  entries.reserve(layer_.size());
  for (auto& [path, entry] : layer_) entries.push_back(std::move(entry));
  layer_.clear();
  return entries;
}

}  // namespace ociassemble
