// SPDX-License-Identifier: Apache-2.0
#include "assemble/placement.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/slash_path.hpp"
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

void take_metadata(TarEntry& entry, const Placed& placed) {
  entry.mode = placed.mode;
  entry.uid = placed.uid;
  entry.gid = placed.gid;
  entry.xattrs = placed.xattrs;
}

bool lies_below(std::string_view path, std::string_view folder) {
  return folder.empty() || (path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/');
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

// Most entries lie beside the one before.
std::string Placement::resolve_beside(const std::string& path) {
  const auto folder = folder_of(path);
  if (folder.empty()) return resolve(path);
  if (folder != folder_) {
    resolved_folder_ = folder_of(resolve(path));
    folder_ = folder;
  }
  return resolved_folder_.empty() ? path.substr(folder.size() + 1) : resolved_folder_ + path.substr(folder.size());
}

Placed Placement::placed_at(const Spot& spot) {
  return spot.more ? *spot.more : Placed{spot.type, spot.mode, spot.uid, spot.gid};
}

// The first that was placed below a folder.
Placement::Spots::const_iterator Placement::below(std::string_view folder) const {
  return first_below(folder, folder.empty() ? spots_.begin() : spots_.upper_bound(folder));
}

// The same, where nothing before `at` lies below it.
Placement::Spots::const_iterator Placement::first_below(std::string_view folder, Spots::const_iterator at) const {
  while (at != spots_.end() && lies_below(at->first, folder) && at->second.is_implied) ++at;
  return at != spots_.end() && lies_below(at->first, folder) ? at : spots_.end();
}

// The first that is not before the path. Most come in the order of a layer.
Placement::Spots::iterator Placement::place_of(std::string_view path) {
  const auto is_before = [&](const Spots::value_type& spot) { return tar_path_less(spot.first, path); };
  if (last_ != spots_.end() && is_before(*last_)) {
    const auto next = std::next(last_);
    if (next == spots_.end() || !is_before(*next)) return next;
  }
  return spots_.lower_bound(path);
}

const Placement::Spot* Placement::spot_at(std::string_view path) const {
  const auto at = spots_.find(path);
  return at == spots_.end() || at->second.is_implied ? nullptr : &at->second;
}

// `near` is its place, or what follows it.
void Placement::check_free(const TarEntry& entry, Spots::const_iterator near) const {
  const bool is_there = near != spots_.end() && std::string_view(near->first) == entry.path;
  const auto* taken = is_there && !near->second.is_implied ? &near->second : nullptr;
  const bool is_directory = entry.type == EntryType::directory;
  if (taken != nullptr) {
    const bool is_taken_by_directory = taken->type == EntryType::directory;
    const bool replaces = !is_directory && !is_taken_by_directory && taken->overlay < overlay_;
    if (!replaces && !(is_directory && is_taken_by_directory)) {
      reject_path("destination", "/" + entry.path, "two inputs would be placed there",
                  "give one of them another destination");
    }
  }
  const auto* node = base_.find(entry.path);
  if (node != nullptr && node->type == EntryType::directory && !is_directory) {
    reject_path("destination", "/" + entry.path, "it is a directory in the base",
                "add the file's name to the destination");
  }
  if (node != nullptr && node->type != EntryType::directory && node->type != EntryType::symlink && is_directory) {
    reject_path("destination", "/" + entry.path, "it is a file in the base, and a folder would replace it");
  }
  if (is_directory) return;
  const auto first = first_below(entry.path, is_there ? std::next(near) : near);
  if (first != spots_.end())
    reject_path("destination", "/" + entry.path, fmt::format("/{} is placed below it", first->first));
}

void Placement::add_parents(const std::string& path) {
  const auto folder = folder_of(path);
  if (has_parents_ && folder == parents_of_) return;
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
    add_parent(path.substr(0, slash), path);
  parents_of_ = folder;
  has_parents_ = true;
}

void Placement::add_parent(const std::string& parent, const std::string& path) {
  const auto [at, is_new] = spots_.try_emplace(std::pmr::string(parent, &memory_));
  auto& spot = at->second;
  if (is_new) spot.is_implied = true;
  if (!spot.is_implied && spot.type != EntryType::directory) {
    reject_path("destination", "/" + path, fmt::format("/{} is placed as a file or link, not a directory", parent));
  }
  const auto* node = base_.find(parent);
  if (node != nullptr && node->type != EntryType::directory) {
    reject_path("destination", "/" + path, fmt::format("/{} is no directory in the base", parent));
  }
  if (spot.layer == layers_) return;
  auto made = directory_entry(parent, 0755, 0, 0, mtime_);
  if (!spot.is_implied) {
    take_metadata(made.entry, placed_at(spot));
  } else if (node != nullptr) {
    take_metadata(made.entry, *node);
  }
  write(spot, std::move(made));
}

void Placement::write(Spot& spot, LayerEntry made) {
  if (spot.layer == layers_) {
    layer_[spot.at] = std::move(made);
    return;
  }
  spot.layer = layers_;
  spot.at = static_cast<std::uint32_t>(layer_.size());
  layer_.push_back(std::move(made));
}

void Placement::add(LayerEntry made, Existing existing) {
  auto& entry = made.entry;
  entry.path = entry.type == EntryType::directory ? base_.resolve(entry.path) : resolve_beside(entry.path);
  if (entry.path.empty()) return;
  const auto near = place_of(entry.path);
  check_free(entry, near);
  add_parents(entry.path);
  if (entry.type == EntryType::directory && existing == Existing::keep) {
    if (const auto* node = base_.find(entry.path)) take_metadata(entry, *node);
  }
  last_ = spots_.try_emplace(near, std::pmr::string(entry.path, &memory_));
  auto& spot = last_->second;
  spot.type = entry.type;
  spot.is_implied = false;
  spot.mode = static_cast<std::uint16_t>(entry.mode);
  spot.uid = static_cast<std::uint32_t>(entry.uid);
  spot.gid = static_cast<std::uint32_t>(entry.gid);
  spot.overlay = overlay_;
  spot.more.reset();
  const bool fits = spot.uid == entry.uid && spot.gid == entry.gid && spot.mode == entry.mode;
  if (!fits || !entry.link_target.empty() || !entry.xattrs.empty()) {
    spot.more =
        std::make_unique<Placed>(Placed{entry.type, entry.mode, entry.uid, entry.gid, entry.link_target, entry.xattrs});
  }
  write(spot, std::move(made));
}

std::optional<Placed> Placement::find(std::string_view path) const {
  const auto* spot = spot_at(path);
  return spot == nullptr ? std::nullopt : std::optional(placed_at(*spot));
}

bool Placement::has_below(std::string_view folder) const { return below(folder) != spots_.end(); }

bool Placement::has_directory(const std::string& path) const {
  const auto resolved = base_.resolve(path);
  const auto* spot = spot_at(resolved);
  return spot != nullptr ? spot->type == EntryType::directory : has_below(resolved);
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
    const auto placed = find(where);
    const auto* node = base_.find(where);
    if (!placed && node == nullptr && !has_below(where)) return false;
    const auto type = placed ? placed->type : node != nullptr ? node->type : EntryType::directory;
    if (type == EntryType::regular || type == EntryType::hard_link) return pending.empty();
    if (type == EntryType::directory) continue;
    if (type != EntryType::symlink || ++links > kMostLinks) return false;
    const auto target = placed ? placed->link_target : std::string(node->link_target());
    at.pop_back();
    if (target.starts_with('/')) at.clear();
    for (auto& next : reversed_names(target)) pending.push_back(std::move(next));
  }
  return false;
}

void Placement::for_each(const std::function<void(std::string_view path)>& visit) const {
  for (const auto& [path, spot] : spots_) {
    if (!spot.is_implied) visit(path);
  }
}

std::vector<std::string> Placement::programs() const {
  std::vector<std::string> paths;
  for (const auto& [path, spot] : spots_) {
    if (!spot.is_implied && spot.type == EntryType::regular && (spot.mode & 0111U) != 0)
      paths.push_back(std::string("/").append(path));
  }
  return paths;
}

std::vector<LayerEntry> Placement::take_layer() {
  if (layer_.empty()) return {};
  std::vector<std::size_t> order;
  order.reserve(layer_.size());
  for (const auto& [path, spot] : spots_) {
    if (spot.layer == layers_) order.push_back(spot.at);
  }
  put_in_order(layer_, std::move(order));
  ++layers_;
  has_parents_ = false;
  return std::exchange(layer_, {});
}

}  // namespace ociassemble
