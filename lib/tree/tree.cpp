// SPDX-License-Identifier: Apache-2.0
#include "tree/tree.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kWhiteoutPrefix = ".wh.";
constexpr std::string_view kMetaPrefix = ".wh..wh.";
constexpr std::string_view kOpaqueMarker = ".wh..wh..opq";
constexpr std::size_t kLargestContents = std::size_t{1024} * 1024;
constexpr std::size_t kLargestSummarised = std::size_t{64} * 1024 * 1024;
constexpr std::size_t kLongestLink = 4096;  // PATH_MAX
constexpr std::size_t kMostLinks = 40;      // as Linux
constexpr std::size_t kMostComponents = 4096;
constexpr std::size_t kDeepest = 256;
// What a node takes beside what it points to, with its share of what its chunk leaves unused; and a folder's first
// child.
constexpr std::uint64_t kNodeRoom = 88;
constexpr std::uint64_t kFolderRoom = 176;
constexpr std::uint64_t kExtraRoom = 112;
constexpr std::size_t kMostBelowFiles = 20;
constexpr std::size_t kMostLinkWalks = 1000;

using Node = Tree::Node;

[[noreturn]] void refuse(ErrorCode code, std::string_view path, std::string_view cause) {
  throw Error(code, fmt::format("cannot apply the layer's entry {}: {}", printable(path), cause));
}

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// The next name in a path; empty at its end. Empty names and "." are passed over.
std::string_view take_name(std::string_view& path) {
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto name = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (!name.empty() && name != ".") return name;
  }
  return {};
}

std::vector<std::string_view> names_of(std::string_view path) {
  std::vector<std::string_view> names;
  for (auto name = take_name(path); !name.empty(); name = take_name(path)) names.push_back(name);
  return names;
}

std::pair<std::string_view, std::string_view> split_last(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

std::string join(std::string_view folder, std::string_view name) {
  return folder.empty() ? std::string(name) : fmt::format("{}/{}", folder, name);
}

const Node* child_of(const Node* node, std::string_view name) {
  return node == nullptr ? nullptr : node->children.find(name);
}

// Walks a path as a kernel does in a chroot. Views into the path and into link targets of the tree.
class PathWalk {
 public:
  PathWalk(const Node& root, std::string_view path) : root_(root), path_(path) { push_pending(path); }

  std::string finish(bool follow_last) {
    while (!pending_.empty()) step(follow_last);
    return std::string(fmt::format("{}", fmt::join(names_, "/")));
  }

 private:
  void push_pending(std::string_view path) {
    const auto names = names_of(path);
    components_ += names.size();
    if (components_ > kMostComponents) refuse_walk("its symlinks grow without end");
    pending_.insert(pending_.end(), names.rbegin(), names.rend());
  }

  void step(bool follow_last) {
    const auto name = pending_.back();
    pending_.pop_back();
    if (name == "..") return up();
    const Node* child = child_of(names_.empty() ? &root_ : nodes_.back(), name);
    if (child == nullptr || child->type != EntryType::symlink || (pending_.empty() && !follow_last)) {
      names_.push_back(name);
      nodes_.push_back(child);
      return;
    }
    if (++links_ > kMostLinks) refuse_walk("more than 40 symlinks, or symlinks in a circle");
    if (starts_with(child->link_target(), "/")) {
      names_.clear();
      nodes_.clear();
    }
    push_pending(child->link_target());
  }

  void up() {
    if (names_.empty()) return;
    names_.pop_back();
    nodes_.pop_back();
  }

  [[noreturn]] void refuse_walk(std::string_view cause) const {
    throw Error(ErrorCode::corrupt, fmt::format("cannot follow {}: {}", printable(path_), cause));
  }

  const Node& root_;
  std::string_view path_;
  std::vector<std::string_view> pending_;  // the next one last
  std::vector<std::string_view> names_;
  std::vector<const Node*> nodes_;  // of the names; null for what is not there
  std::size_t links_ = 0;
  std::size_t components_ = 0;
};

// Whether a walk would end at the path as it is written: most do, and need no walk. Without "." and "..", and no
// symlink on the way; the last name may be one where it is not followed.
bool leads_straight(const Node& root, std::string_view path, bool follow_last) {
  const Node* node = &root;
  std::size_t components = 0;
  for (;;) {
    const auto slash = path.find('/');
    const auto name = path.substr(0, slash);
    if (name.empty() || name == "." || name == ".." || ++components > kMostComponents) return false;
    const bool is_last = slash == std::string_view::npos;
    node = is_last && !follow_last ? nullptr : child_of(node, name);
    if (node != nullptr && node->type == EntryType::symlink) return false;
    if (is_last) return true;
    path.remove_prefix(slash + 1);
  }
}

Node implied_directory(std::uint32_t layer) {
  Node node;
  node.layer = layer;
  return node;
}

void prune(Node& node, std::uint32_t layer);

// Removes what another layer brought below a child, and says whether the child goes as well. A directory stays only as
// the implied parent of what this layer brings, without its metadata.
bool prune_child(Node& child, std::uint32_t layer) {
  prune(child, layer);
  if (child.layer == layer) return false;
  if (child.children.empty()) return true;
  auto kept = implied_directory(layer);
  kept.children.swap(child.children);
  child = std::move(kept);
  return false;
}

void prune(Node& node, std::uint32_t layer) {
  node.children.remove_if([layer](Node& child) { return prune_child(child, layer); });
}

// Whether the entry says something else.
bool set_metadata(Node& node, const TarEntry& entry) {
  auto xattrs = node.xattrs();
  for (const auto& [name, value] : entry.xattrs) xattrs.insert_or_assign(name, value);
  const auto mode = static_cast<std::uint16_t>(entry.mode & 07777U);
  if (node.mode == mode && node.uid == entry.uid && node.gid == entry.gid && node.xattrs() == xattrs) return false;
  node.mode = mode;
  node.uid = entry.uid;
  node.gid = entry.gid;
  node.set_xattrs(std::move(xattrs));
  return true;
}

template <class Work>
void for_each_node(Node& folder, const Work& work) {
  folder.children.remove_if([&](Node& node) {
    work(node);
    if (node.type == EntryType::directory) for_each_node(node, work);
    return false;
  });
}

template <class AnyNode>
AnyNode* descend(AnyNode& root, std::string_view path) {
  AnyNode* node = &root;
  for (auto name = take_name(path); !name.empty(); name = take_name(path)) {
    node = node->children.find(name);
    if (node == nullptr) return nullptr;
  }
  return node;
}

}  // namespace

Tree::Tree(std::set<std::string> wanted_files, std::uint64_t most_metadata)
    : wanted_files_(std::move(wanted_files)), most_metadata_(most_metadata) {}

Tree::Tree(std::set<std::string> wanted_files, Summary summary)
    : wanted_files_(std::move(wanted_files)), summary_(summary) {}

Tree Tree::from_root(Node root) {
  Tree tree;
  tree.root_ = std::move(root);
  return tree;
}

Tree Tree::continued(Node root, std::set<std::string> wanted_files, std::uint32_t layers) {
  Tree tree(std::move(wanted_files));
  tree.root_ = std::move(root);
  tree.layer_ = layers;
  tree.take_over(tree.root_);
  tree.entry_ = tree.next_entry_ = 0;
  return tree;
}

void Tree::take_over(Node& folder) {
  for (const auto& child : folder.children) account(child.node, child.name);
  folder.children.remove_if([&](Node& node) {
    node.bytes_layer = 0;
    node.bytes_entry = next_entry_++;
    if (node.type == EntryType::directory) take_over(node);
    return false;
  });
}

void Tree::apply(TarReader& layer, TreeWatcher* watcher) {
  start_layer(watcher);
  while (const auto entry = layer.next()) add(*entry, layer.data());
  watcher_ = nullptr;
}

void Tree::start_layer(TreeWatcher* watcher) {
  ++layer_;
  watcher_ = watcher;
  next_entry_ = 0;
  whited_out_.clear();
}

void Tree::add(const TarEntry& entry, Source& data) {
  entry_ = next_entry_++;
  const auto [folder, name] = split_last(entry.path);
  if (starts_with(entry.path, kMetaPrefix) || entry.path.find("/" + std::string(kMetaPrefix)) != std::string::npos) {
    // The rest is what aufs kept for itself.
    if (name == kOpaqueMarker) white_out(folder, {});
  } else if (starts_with(name, kWhiteoutPrefix)) {
    const auto hidden = name.substr(kWhiteoutPrefix.size());
    if (hidden.empty() || hidden == "." || hidden == "..")
      refuse(ErrorCode::corrupt, entry.path, "a whiteout of nothing");
    white_out(folder, hidden);
  } else {
    const std::string path = resolve_parent(entry.path);
    if (entry.type == EntryType::hard_link && wanted_files_.count(path) != 0)
      linked_files_.insert(resolve_parent(entry.link_target));
    put_node(path, node_of(entry, path, data));
    if (watcher_ != nullptr) watcher_->placed(entry, path);
  }
}

void Tree::put_node(const std::string& path, Node node) {
  if (path.empty() && node.type != EntryType::directory) refuse(ErrorCode::corrupt, "/", "the root is not a directory");
  const auto name = split_last(path).second;
  account(node, name);
  Node* place = &root_;
  if (!path.empty()) {
    auto& parent = make_parent(path);
    account_for_child(parent, name);
    place = &parent.children[name];
  }
  // A new place is an empty directory: taking nothing over from it is right as well.
  if (node.type == EntryType::directory) node.children.swap(place->children);
  *place = std::move(node);
}

Node Tree::node_of(const TarEntry& entry, const std::string& path, Source& data) {
  if (entry.type == EntryType::hard_link) return linked_node(entry, path);
  if (entry.link_target.size() > kLongestLink)
    refuse(ErrorCode::unsupported, entry.path, "a link target over 4096 bytes");
  Node node;
  node.type = entry.type;
  node.mode = static_cast<std::uint16_t>(entry.mode & 07777U);
  node.uid = entry.uid;
  node.gid = entry.gid;
  node.size = entry.size;
  node.set_link_target(entry.link_target);
  node.set_xattrs(entry.xattrs);
  node.layer = node.bytes_layer = layer_;
  node.bytes_entry = entry_;
  if (entry.type == EntryType::regular && entry.size <= kLargestContents && wanted_files_.count(path) != 0) {
    node.set_contents(read_all(data, kLargestContents, entry.path));
  } else if (watcher_ == nullptr && entry.type == EntryType::regular && entry.size <= kLargestSummarised &&
             is_summarised(path)) {
    node.set_contents(summary_.make(path, read_all(data, kLargestSummarised, entry.path)));
  }
  if (watcher_ != nullptr && entry.type != EntryType::directory) {
    std::optional<TreeWatcher::Known> known;
    if (node.contents()) {
      StringSource again(*node.contents());
      known = watcher_->read(entry, again, layer_, entry_);
    } else {
      known = watcher_->read(entry, data, layer_, entry_);
    }
    node.has_mark = known.has_value();
    if (known) {
      node.mark = known->mark;
      take_metadata(known->room, entry.path);
    }
  }
  return node;
}

// Names of one file say which entry has its bytes. An empty file has nothing to start.
void Tree::set_on_all_names(Node& file, const TarEntry& entry) {
  const bool had_other_names = file.has_other_names;
  file.has_other_names = true;
  if (!set_metadata(file, entry) || !had_other_names || file.size == 0) return;
  if (++link_walks_ > kMostLinkWalks)
    refuse(ErrorCode::unsupported, entry.path, "too many hard links that change files");
  for_each_node(root_, [&](Node& node) {
    const bool is_same = node.bytes_layer == file.bytes_layer && node.bytes_entry == file.bytes_entry;
    if (is_same && node.type == file.type) set_metadata(node, entry);
  });
}

Node Tree::linked_node(const TarEntry& entry, const std::string& path) {
  const auto cause = [&](std::string_view what) {
    return fmt::format("a hard link to {}, {}", printable(entry.link_target), what);
  };
  const auto target_path = resolve_parent(entry.link_target);
  const Node* target = find(target_path);
  if (target == nullptr) refuse(ErrorCode::corrupt, entry.path, cause("which does not exist"));
  if (target->type == EntryType::directory) refuse(ErrorCode::corrupt, entry.path, cause("a directory"));
  // Docker and containerd set what the link's entry says on the file that all its names share.
  if (watcher_ != nullptr) {
    if (Node* shared = descend(root_, target_path)) set_on_all_names(*shared, entry);
  }
  Node node = *target;
  node.layer = layer_;
  const bool keeps_contents = wanted_files_.count(path) != 0 ? wanted_files_.count(target_path) != 0
                                                             : is_summarised(path) && is_summarised(target_path);
  if (!keeps_contents) node.set_contents({});
  return node;
}

// An empty name hides all that is in the folder. Once is enough for a layer, and all that it may cost.
void Tree::white_out(std::string_view folder, std::string_view name) {
  const std::string parent_path = resolve(folder);
  if (watcher_ != nullptr) watcher_->removed(name.empty() ? parent_path : join(parent_path, name));
  Node* parent = descend(root_, parent_path);
  if (parent == nullptr) return;
  Node* child = parent->children.find(name);
  if (!name.empty() && child == nullptr) return;
  if (!whited_out_.insert(fmt::format("{}/{}", parent_path, name)).second) return;
  account({}, parent_path);
  if (name.empty()) {
    prune(*parent, layer_);
  } else if (prune_child(*child, layer_)) {
    parent->children.erase(name);
  }
}

TreeNode& Tree::make_parent(std::string_view path) {
  auto names = names_of(path);
  if (names.size() > kDeepest) refuse(ErrorCode::unsupported, path, "more than 256 names deep");
  names.pop_back();
  Node* node = &root_;
  for (const auto name : names) {
    account_for_child(*node, name);
    const auto [place, is_new] = node->children.try_emplace(name, implied_directory(layer_));
    node = place;
    if (is_new) account(*node, name);
    if (node->type == EntryType::directory) continue;
    if (below_files_.size() < kMostBelowFiles) below_files_.emplace_back(path);
    *node = implied_directory(layer_);
  }
  return *node;
}

// The memory of a tree is bounded by what a hostile layer may bring, not by what it says of itself.
void Tree::account(const Node& node, std::string_view name) {
  std::uint64_t size = kNodeRoom + name.size();
  if (!node.link_target().empty()) size += kExtraRoom + node.link_target().size();
  if (node.contents()) size += kExtraRoom + node.contents()->size();
  for (const auto& [key, value] : node.xattrs()) size += 2 * kExtraRoom + key.size() + value.size();
  take_metadata(size, name);
}

void Tree::account_for_child(const Node& folder, std::string_view name) {
  if (folder.children.empty()) take_metadata(kFolderRoom, name);
}

void Tree::take_metadata(std::uint64_t bytes, std::string_view name) {
  metadata_size_ += bytes;
  if (metadata_size_ <= most_metadata_) return;
  refuse(ErrorCode::unsupported, name,
         fmt::format("the layers hold more files than fit into {}", format_size(most_metadata_)));
}

std::set<std::string> Tree::missed_files() const {
  auto missed = linked_files_;
  for (const auto& wanted : wanted_files_) {
    try {
      const auto path = resolve(wanted);
      const auto* node = find(path);
      const bool is_file = node != nullptr && node->type == EntryType::regular && node->size <= kLargestContents;
      if (is_file && (!node->contents() || is_summarised(path))) missed.insert(path);
    } catch (const Error&) {
      continue;  // links in a circle lead to no file
    }
  }
  for (const auto& wanted : wanted_files_) missed.erase(wanted);
  return missed;
}

const Tree::Node* Tree::find(std::string_view path) const { return descend(root_, path); }

std::string Tree::resolve(std::string_view path) const {
  return leads_straight(root_, path, true) ? std::string(path) : PathWalk(root_, path).finish(true);
}

std::string Tree::resolve_parent(std::string_view path) const {
  return leads_straight(root_, path, false) ? std::string(path) : PathWalk(root_, path).finish(false);
}

const Tree::Node* Tree::follow(std::string_view path) const { return find(resolve(path)); }

}  // namespace ociassemble
