// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ociassemble/entry_type.hpp"

namespace ociassemble {

// What whoever builds a tree keeps of a file's bytes, in its node; a tree only hands it on.
using FileMark = std::array<unsigned char, 16>;
struct TreeNode;

// A value that few have: it takes the room of a pointer, and reads as an empty one where it is not set.
template <class T>
class Rare {
 public:
  Rare() = default;
  Rare(const Rare& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Rare(Rare&&) noexcept = default;
  Rare& operator=(const Rare& other) {
    if (this != &other) value_ = other.value_ ? std::make_unique<T>(*other.value_) : nullptr;
    return *this;
  }
  Rare& operator=(Rare&&) noexcept = default;
  ~Rare() = default;

  const T& get() const {
    static const T kNone{};
    return value_ ? *value_ : kNone;
  }
  T& edit() {
    if (!value_) value_ = std::make_unique<T>();
    return *value_;
  }
  bool is_set() const noexcept { return value_ != nullptr; }
  void reset() noexcept { value_.reset(); }

 private:
  std::unique_ptr<T> value_;
};

// The entries of a directory by name, in the order of the names' bytes. They may be made only when they are first
// looked at: most of a base's folders never are. Even looking at them belongs to one thread, while copies that nobody
// looks at may be copied by many. Names and nodes lie packed in chunks, so that a million files take little more than
// their nodes and names; pointers to nodes last until the next change.
class TreeChildren {
 public:
  struct Child {
    std::string_view name;
    const TreeNode& node;
  };
  struct Rep;
  class Iterator {
   public:
    Child operator*() const;
    Iterator& operator++();
    bool operator==(const Iterator&) const = default;

   private:
    friend class TreeChildren;
    Iterator(const Rep* rep, std::size_t chunk) : rep_(rep), chunk_(chunk) {}
    const Rep* rep_;
    std::size_t chunk_;
    std::size_t item_ = 0;
  };
  using Make = std::function<TreeChildren()>;

  TreeChildren();
  // `make` is called at most once by each copy.
  explicit TreeChildren(Make make);
  TreeChildren(const TreeChildren& other);
  TreeChildren(TreeChildren&& other) noexcept;
  TreeChildren& operator=(const TreeChildren& other);
  TreeChildren& operator=(TreeChildren&& other) noexcept;
  ~TreeChildren();

  bool empty() const { return size() == 0; }
  std::size_t size() const;
  Iterator begin() const;
  Iterator end() const;
  const TreeNode* find(std::string_view name) const;
  TreeNode* find(std::string_view name);
  bool has_prefix(std::string_view prefix) const;
  TreeNode& operator[](std::string_view name);
  // The node of that name, and whether it was not there and is a copy of `node`.
  std::pair<TreeNode*, bool> try_emplace(std::string_view name, const TreeNode& node);
  // After all that are there.
  void append(std::string_view name, TreeNode node);
  void erase(std::string_view name);
  void remove_if(const std::function<bool(TreeNode&)>& is_to_go);
  void swap(TreeChildren& other) noexcept { rep_.swap(other.rep_); }

 private:
  // Made, where they are to be; null where there are none.
  Rep* rep() const;
  Rep& edit();

  mutable std::unique_ptr<Rep> rep_;
};

struct TreeNode {
  using Xattrs = std::map<std::string, std::string>;

  EntryType type = EntryType::directory;  // never hard_link: a hard link is the file that it links to
  bool has_mark : 1 = false;              // where there was a watcher
  bool has_other_names : 1 = false;       // hard links led to it, at some time
  std::uint16_t mode = 0755;
  std::uint32_t layer = 0;  // which one brought it, counted from 1; 0 for the root before any did
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::uint64_t size = 0;
  // Of a regular file: the layer and the entry in it, counted from 0, that have its bytes. No record keeps them.
  std::uint32_t bytes_layer = 0;
  std::uint32_t bytes_entry = 0;
  FileMark mark{};
  TreeChildren children;  // of a directory

  // Of a symlink.
  const std::string& link_target() const { return extra_.get().link_target; }
  const Xattrs& xattrs() const { return extra_.get().xattrs.get(); }
  // Of a wanted regular file; of one to be summarised, the summary.
  const std::optional<std::string>& contents() const { return extra_.get().contents.get(); }

  void set_link_target(std::string target);
  void set_xattrs(Xattrs xattrs);
  void set_contents(std::optional<std::string> contents);

 private:
  struct Extra {
    std::string link_target;
    Rare<Xattrs> xattrs;
    Rare<std::optional<std::string>> contents;
  };
  Rare<Extra> extra_;
};

}  // namespace ociassemble
