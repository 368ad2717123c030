// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tar/entry.hpp"
#include "tar/tar_reader.hpp"

namespace ociassemble {

struct TarEntry;
// What whoever builds a tree wants to know of a file's bytes; a tree only hands it on.
struct FileFacts;

// Is told what layers do to a tree. Paths are resolved: where a thing really lands.
class TreeWatcher {
 public:
  TreeWatcher() = default;
  TreeWatcher(const TreeWatcher&) = delete;
  TreeWatcher& operator=(const TreeWatcher&) = delete;
  virtual ~TreeWatcher() = default;

  // Of each entry that is no directory and no hard link; `data` need not be read to its end. What it returns stays with
  // the node, and with hard links to it.
  virtual std::shared_ptr<const FileFacts> read(const TarEntry& entry, Source& data) = 0;
  virtual void placed(const TarEntry& entry, const std::string& path) = 0;
  // What lower layers had at the path, or below it where that is a folder that was made opaque.
  virtual void removed(const std::string& path) = 0;
};

// The root file system that layers make when they are laid over each other: metadata of every entry, and the contents
// of the few small files that were asked for. Paths are relative to the root, "" is the root. One thread.
class Tree {
 public:
  struct Node;

  // The entries of a directory by name. They may be made only when they are first looked at: most of a base's folders
  // never are. Even looking at them belongs to one thread, while copies that nobody looks at may be copied by many.
  class Children {
   public:
    using Map = std::map<std::string, Node>;
    using Make = std::function<Map()>;

    Children() = default;
    // `make` is called at most once by each copy.
    explicit Children(Make make) : make_(std::make_shared<const Make>(std::move(make))) {}

    bool empty() const { return map().empty(); }
    std::size_t size() const { return map().size(); }
    auto begin() const { return std::as_const(map()).begin(); }
    auto end() const { return std::as_const(map()).end(); }
    auto begin() { return map().begin(); }
    auto end() { return map().end(); }
    auto find(const std::string& name) const { return std::as_const(map()).find(name); }
    auto find(const std::string& name) { return map().find(name); }
    auto lower_bound(const std::string& name) const { return std::as_const(map()).lower_bound(name); }
    Node& operator[](const std::string& name) { return map()[name]; }
    auto try_emplace(std::string name, const Node& node) { return map().try_emplace(std::move(name), node); }
    // After all that are there.
    void append(std::string name, Node node) { map().emplace_hint(end(), std::move(name), std::move(node)); }
    auto erase(Map::iterator at) { return map().erase(at); }
    void swap(Children& other) noexcept {
      map_.swap(other.map_);
      make_.swap(other.make_);
    }

   private:
    Map& map() const {
      if (make_) {
        map_ = (*make_)();
        make_.reset();
      }
      return map_;
    }

    mutable Map map_;
    mutable std::shared_ptr<const Make> make_;  // until it was called
  };

  struct Node {
    EntryType type = EntryType::directory;  // never hard_link: a hard link is the file that it links to
    std::uint32_t mode = 0755;
    std::uint64_t uid = 0;
    std::uint64_t gid = 0;
    std::uint64_t size = 0;
    std::string link_target;  // of a symlink
    std::map<std::string, std::string> xattrs;
    std::optional<std::string> contents;     // of a wanted regular file; of one to be summarised, the summary
    std::shared_ptr<const FileFacts> facts;  // where there was a watcher
    Children children;                       // of a directory
    std::uint32_t layer = 0;                 // which one brought it, counted from 1; 0 for the root before any did
  };

  // What is kept of further regular files in place of their contents, such as the names that a library defines. Both
  // must be there, or neither; files over 64 MiB have no summary, and nothing has while somebody watches.
  struct Summary {
    bool (*is_wanted)(std::string_view path) = nullptr;
    std::string (*make)(std::string_view bytes) = nullptr;
  };

  // Contents are kept for regular files at these paths, up to 1 MiB each.
  explicit Tree(std::set<std::string> wanted_files = {});
  Tree(std::set<std::string> wanted_files, Summary summary);

  // Lays one layer over what is there: whiteouts (".wh.NAME", ".wh..wh..opq") remove what lower layers had, a directory
  // over a directory takes its metadata and keeps its entries, anything else replaces; a path goes through the symlinks
  // that are there, inside the root; a missing parent is a directory of root's, 0755. Throws what the reader throws,
  // Error{corrupt} for a hard link to nothing, and Error{unsupported} for paths deeper than 256 names and for more than
  // a gigabyte of metadata in all. After a throw the tree is half changed, and not to be used.
  void apply(TarReader& layer, TreeWatcher* watcher = nullptr);

  // Files that the wanted ones lead to, as symlinks or hard links, and whose contents were therefore not kept: a tree
  // that wants them, too, has what the wanted files hold.
  std::set<std::string> missed_files() const;

  // A tree as it was read before (see tree_record.hpp).
  static Tree from_root(Node root);

  const Node& root() const noexcept { return root_; }
  // The entry at exactly this path, no symlink followed; null when there is none. In all of these a leading '/' is the
  // root, and empty names and "." are nothing. Pointers last until the next apply().
  const Node* find(std::string_view path) const;
  // The path with every symlink followed, the last component included, never leaving the root (".." stops there). What
  // does not exist stays as it is written. Throws Error{corrupt} past 40 links, or when they grow past all measure.
  std::string resolve(std::string_view path) const;
  // The same for all components but the last.
  std::string resolve_parent(std::string_view path) const;
  // find(resolve(path)).
  const Node* follow(std::string_view path) const;

 private:
  void put(const TarEntry& entry, TarReader& layer);
  void put_node(const std::string& path, Node node);
  Node node_of(const TarEntry& entry, const std::string& path, TarReader& layer);
  Node linked_node(const TarEntry& entry, const std::string& path);
  bool is_summarised(std::string_view path) const { return summary_.is_wanted != nullptr && summary_.is_wanted(path); }
  void white_out(std::string_view folder, std::string_view name);
  Node& make_parent(std::string_view path);
  void account(const Node& node, std::string_view name);

  Node root_;
  std::set<std::string> wanted_files_;
  std::set<std::string> linked_files_;  // what hard links at wanted places link to
  Summary summary_;
  std::set<std::string> whited_out_;  // by the layer being applied
  TreeWatcher* watcher_ = nullptr;    // of apply(), borrowed
  std::uint32_t layer_ = 0;           // the one being applied
  std::uint64_t metadata_size_ = 0;   // of all entries ever, in bytes, roughly
};

}  // namespace ociassemble
