// SPDX-License-Identifier: Apache-2.0
#include "assemble/image_files.hpp"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "io/streams.hpp"

namespace ociassemble {
namespace {

constexpr int kMostFollowedLinks = 40;
constexpr std::size_t kLargestText = std::size_t{1024} * 1024;

std::deque<std::string> names_in(std::string_view path) {
  std::deque<std::string> names;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    if (end > 0) names.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return names;
}

std::string below(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

}  // namespace

// What lies at a path, links not followed.
struct ImageFiles::Item {
  EntryType type = EntryType::directory;
  std::uint32_t mode = 0755;
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::string link_target;
};

std::optional<ImageFiles::Item> ImageFiles::item_at(const std::string& path) const {
  if (const auto* entry = placement_.find(path))
    return Item{entry->type, entry->mode, entry->uid, entry->gid, entry->link_target};
  if (const auto* node = base_.find(path))
    return Item{node->type, node->mode, node->uid, node->gid, node->link_target()};
  if (placement_.has_directory(path)) return Item{};
  return {};
}

std::optional<std::string> ImageFiles::resolve(std::string_view path) const {
  auto names = names_in(path);
  std::string done;
  for (int links = 0; !names.empty();) {
    const std::string name = std::move(names.front());
    names.pop_front();
    if (name == ".") continue;
    if (name == "..") {
      done = parent_of(done);
      continue;
    }
    const auto next = below(done, name);
    const auto item = item_at(next);
    if (!item) return {};
    if (item->type != EntryType::symlink) {
      done = next;
      continue;
    }
    if (++links > kMostFollowedLinks) return {};
    if (item->link_target.starts_with('/')) done.clear();
    const auto target = names_in(item->link_target);
    names.insert(names.begin(), target.begin(), target.end());
  }
  return done;
}

std::shared_ptr<const LibraryFacts> ImageFiles::library_at(const std::string& path) const {
  auto& known = known_[path];
  if (known) return known;
  const auto source = sources_.find(path);
  if (source != sources_.end()) {
    known = std::make_shared<const LibraryFacts>(facts_of_library_file(source->second.string()));
    return known;
  }
  const auto* node = placement_.find(path) == nullptr ? base_.find(path) : nullptr;
  if (node == nullptr || !node->contents()) return nullptr;
  if (auto facts = decode_library(*node->contents())) known = std::make_shared<const LibraryFacts>(std::move(*facts));
  return known;
}

std::optional<RootFile> ImageFiles::find(std::string_view path) const {
  const auto real = resolve(path);
  const auto item = real ? item_at(*real) : std::nullopt;
  if (!item || item->type != EntryType::regular) return {};
  return RootFile{*real, item->mode, item->uid, item->gid, library_at(*real)};
}

std::optional<std::string> ImageFiles::text(std::string_view path) const {
  const auto real = resolve(path);
  if (!real) return {};
  const auto source = sources_.find(*real);
  if (source != sources_.end()) {
    FileSource file(source->second);
    return read_all(file, kLargestText, source->second.string());
  }
  const auto* node = placement_.find(*real) == nullptr ? base_.find(*real) : nullptr;
  return node != nullptr ? node->contents() : std::nullopt;
}

bool ImageFiles::may_reach(std::string_view path, std::uint64_t uid, std::uint64_t gid) const {
  for (auto folder = parent_of(std::string(path)); !folder.empty(); folder = parent_of(folder)) {
    const auto item = item_at(folder);
    if (!item) return false;
    const std::uint32_t searchable = item->uid == uid ? 0100U : item->gid == gid ? 0010U : 0001U;
    if ((item->mode & searchable) == 0) return false;
  }
  return true;
}

}  // namespace ociassemble
