// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tar/entry.hpp"
#include "tar/tar_reader.hpp"
#include "tree/tree_node.hpp"

namespace ociassemble {

struct TarEntry;
// Is told what layers do to a tree. Paths are resolved: where a thing really lands.
class TreeWatcher {
 public:
  struct Known {
    FileMark mark{};
    std::uint64_t room = 0;  // what the watcher keeps of it beside, in bytes
  };

  TreeWatcher() = default;
  TreeWatcher(const TreeWatcher&) = delete;
  TreeWatcher& operator=(const TreeWatcher&) = delete;
  virtual ~TreeWatcher() = default;

  // Of each entry that is no directory and no hard link; `data` need not be read to its end. What it returns stays with
  // the node, and with hard links to it. `layer` and `number` are those of the node (bytes_layer, bytes_entry).
  virtual std::optional<Known> read(const TarEntry& entry, Source& data, std::uint32_t layer, std::uint32_t number) = 0;
  virtual void placed(const TarEntry& entry, const std::string& path) = 0;
  // What lower layers had at the path, or below it where that is a folder that was made opaque.
  virtual void removed(const std::string& path) = 0;
};

// The root file system that layers make when they are laid over each other: metadata of every entry, and the contents
// of the few small files that were asked for. Paths are relative to the root, "" is the root. One thread.
class Tree {
 public:
  using Node = TreeNode;
  using Children = TreeChildren;

  // What a tree may take of memory, at the most: some one and a half million files.
  static constexpr std::uint64_t kMostMetadata = 150'000'000;

  // What is kept of further regular files in place of their contents, such as the names that a library defines. Both
  // must be there, or neither; files over 64 MiB have no summary, and nothing has while somebody watches.
  struct Summary {
    bool (*is_wanted)(std::string_view path) = nullptr;
    std::string (*make)(std::string_view path, std::string_view bytes) = nullptr;
  };

  // Contents are kept for regular files at these paths, up to 1 MiB each.
  explicit Tree(std::set<std::string> wanted_files = {}, std::uint64_t most_metadata = kMostMetadata);
  Tree(std::set<std::string> wanted_files, Summary summary);

  // Lays one layer over what is there: whiteouts (".wh.NAME", ".wh..wh..opq") remove what lower layers had, a directory
  // over a directory takes its metadata and keeps its entries, anything else replaces; a path goes through the symlinks
  // that are there, inside the root; a missing parent is a directory of root's, 0755. Throws what the reader throws,
  // Error{corrupt} for a hard link to nothing, and Error{unsupported} for paths deeper than 256 names and for metadata
  // that would take more memory than there may be. After a throw the tree is half changed, and not to be used.
  void apply(TarReader& layer, TreeWatcher* watcher = nullptr);
  // The same entry by entry, for whoever reads the layer: start_layer(), and add() for each entry.
  void start_layer(TreeWatcher* watcher = nullptr);
  // `data` is a regular file's, and nothing for other entries.
  void add(const TarEntry& entry, Source& data);

  // Entries that came to lie below a file, which then became a folder; the first few. Unpackers refuse them.
  const std::vector<std::string>& below_files() const noexcept { return below_files_; }

  // Files that the wanted ones lead to, as symlinks or hard links, and whose contents were therefore not kept: a tree
  // that wants them, too, has what the wanted files hold.
  std::set<std::string> missed_files() const;

  // A tree as it was read before (see tree_record.hpp).
  static Tree from_root(Node root);
  // The same, made of so many layers, for adding more. Of its files nobody knows the bytes' place: bytes_layer is 0,
  // and bytes_entry tells them apart. Throws as add() does for what takes too much memory.
  static Tree continued(Node root, std::set<std::string> wanted_files, std::uint32_t layers);

  const Node& root() const noexcept { return root_; }
  // The entry at exactly this path, no symlink followed; null when there is none. In all of these a leading '/' is the
  // root, and empty names and "." are nothing. Pointers last until the next apply().
  const Node* find(std::string_view path) const;
  // The path with every symlink followed, the last component included, never leaving the root (".." stops there). What
  // does not exist stays as it is written. Throws Error{corrupt} past 40 links, or when they grow without end.
  std::string resolve(std::string_view path) const;
  // The same for all components but the last.
  std::string resolve_parent(std::string_view path) const;
  // find(resolve(path)).
  const Node* follow(std::string_view path) const;

 private:
  void put_node(const std::string& path, Node node);
  Node node_of(const TarEntry& entry, const std::string& path, Source& data);
  Node linked_node(const TarEntry& entry, const std::string& path);
  void set_on_all_names(Node& file, const TarEntry& entry);
  bool is_summarised(std::string_view path) const { return summary_.is_wanted != nullptr && summary_.is_wanted(path); }
  void white_out(std::string_view folder, std::string_view name);
  Node& make_parent(std::string_view path);
  void account(const Node& node, std::string_view name);
  void take_over(Node& folder);
  void account_for_child(const Node& folder, std::string_view name);
  void take_metadata(std::uint64_t bytes, std::string_view name);

  Node root_;
  std::set<std::string> wanted_files_;
  std::set<std::string> linked_files_;  // what hard links at wanted places link to
  Summary summary_;
  std::set<std::string> whited_out_;  // by the layer being applied
  TreeWatcher* watcher_ = nullptr;    // of apply(), borrowed
  std::vector<std::string> below_files_;
  std::uint32_t layer_ = 0;  // the one being applied
  std::uint32_t entry_ = 0;  // the one being put, in its layer
  std::uint32_t next_entry_ = 0;
  std::size_t link_walks_ = 0;  // for hard links that change the metadata of files with other names
  std::uint64_t most_metadata_ = kMostMetadata;
  std::uint64_t metadata_size_ = 0;  // of all entries ever, in bytes, roughly
};

}  // namespace ociassemble
