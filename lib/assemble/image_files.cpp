// SPDX-License-Identifier: Apache-2.0
#include "assemble/image_files.hpp"

#include <algorithm>
#include <deque>
#include <system_error>
#include <utility>
#include <vector>

#include "base/slash_path.hpp"
#include "bases/file_summaries.hpp"
#include "io/streams.hpp"

namespace ociassemble {
namespace {

constexpr int kMostFollowedLinks = 40;
constexpr std::size_t kLargestText = std::size_t{1024} * 1024;
constexpr std::size_t kLargestLibrary = std::size_t{256} * 1024 * 1024;

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

// The depth of a tree is bounded.
void add_paths_named(const Tree::Node& folder, const std::string& path, const std::string& name,
                     std::vector<std::string>& found) {
  for (const auto& [child_name, child] : folder.children) {
    const auto child_path = below(path, std::string(child_name));
    if (child_name == name && child.type != EntryType::directory) found.push_back(child_path);
    add_paths_named(child, child_path, name, found);
  }
}

std::unique_ptr<Source> open_bytes(const ImageFiles::FileBytes& file) {
  if (file.bytes) return file.bytes->open();
  return std::make_unique<FileSource>(file.file);
}

LibraryFacts facts_of(const ImageFiles::FileBytes& file) {
  if (!file.bytes) return facts_of_library_file(file.file.string());
  const auto bytes = file.bytes->open();
  return facts_of_library(read_all(*bytes, kLargestLibrary, "a library"));
}

}  // namespace

void ImageFiles::Sources::put(const std::string& place, FileBytes file) {
  files[place] = std::move(file);
  texts.erase(place);
}

void ImageFiles::Sources::put(const std::string& place, std::string text) {
  texts[place] = std::move(text);
  files.erase(place);
}

// What lies at a path, links not followed.
struct ImageFiles::Item {
  EntryType type = EntryType::directory;
  std::uint32_t mode = 0755;
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::string link_target;
};

std::optional<ImageFiles::Item> ImageFiles::item_at(const std::string& path) const {
  if (const auto placed = placement_.find(path))
    return Item{placed->type, placed->mode, placed->uid, placed->gid, placed->link_target};
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
      done.resize(folder_of(done).size());
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
  const auto source = sources_.files.find(path);
  if (source != sources_.files.end()) {
    known = std::make_shared<const LibraryFacts>(facts_of(source->second));
    return known;
  }
  const auto* node = !placement_.find(path) ? base_.find(path) : nullptr;
  if (node == nullptr || !node->contents()) return nullptr;
  if (auto facts = decode_library(*node->contents())) known = std::make_shared<const LibraryFacts>(std::move(*facts));
  return known;
}

std::optional<RootFile> ImageFiles::find(std::string_view path) const {
  const auto real = resolve(path);
  const auto item = real ? item_at(*real) : std::nullopt;
  if (!item || item->type != EntryType::regular) return {};
  return RootFile{*real, item->mode, item->uid, item->gid, library_at(*real), certificates_at(*real)};
}

std::optional<std::uint64_t> ImageFiles::certificates_at(const std::string& path) const {
  const auto* node = !placement_.find(path) ? base_.find(path) : nullptr;
  return node != nullptr && node->contents() ? decode_certificates(*node->contents()) : std::nullopt;
}

std::optional<RootFolder> ImageFiles::folder(std::string_view path) const {
  const auto real = resolve(path);
  const auto item = real ? item_at(*real) : std::nullopt;
  if (!item || item->type != EntryType::directory) return {};
  const auto* node = base_.find(*real);
  const bool has_entries = placement_.has_below(*real) || (node != nullptr && !node->children.empty());
  return RootFolder{item->mode, item->uid, item->gid, has_entries};
}

std::optional<std::string> ImageFiles::text(std::string_view path) const {
  const auto real = resolve(path);
  if (!real) return {};
  const auto made = sources_.texts.find(*real);
  if (made != sources_.texts.end()) return made->second;
  const auto source = sources_.files.find(*real);
  if (source != sources_.files.end()) {
    const auto& file = source->second;
    std::error_code ignored;
    if (!file.bytes && std::filesystem::file_size(file.file, ignored) > kLargestText) return {};
    const auto bytes = open_bytes(file);
    return read_all(*bytes, kLargestText, *real);
  }
  const auto* node = !placement_.find(*real) ? base_.find(*real) : nullptr;
  return node != nullptr ? node->contents() : std::nullopt;
}

std::vector<std::string> ImageFiles::paths_named(std::string_view name) const {
  const auto is_named = [&](std::string_view path) { return path.substr(path.rfind('/') + 1) == name; };
  std::vector<std::string> found;
  placement_.for_each([&](std::string_view path) {
    if (is_named(path)) found.emplace_back(path);
  });
  add_paths_named(base_.root(), "", std::string(name), found);
  return found;
}

bool ImageFiles::may_reach(std::string_view path, std::uint64_t uid, std::uint64_t gid) const {
  for (auto folder = folder_of(path); !folder.empty(); folder = folder_of(folder)) {
    const auto item = item_at(std::string(folder));
    if (!item) return false;
    const std::uint32_t searchable = item->uid == uid ? 0100U : item->gid == gid ? 0010U : 0001U;
    if ((item->mode & searchable) == 0) return false;
  }
  return true;
}

}  // namespace ociassemble
