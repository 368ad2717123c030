// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/layer_builder.hpp"
#include "tar/tar_writer.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// "/usr/bin/app" -> "usr/bin/app". Throws Error{invalid_argument} naming `what` for a relative path, one that leaves
// the root by "..", one with a NUL or a component over 255 bytes; "/" gives "".
std::string canonical_path(std::string_view text, std::string_view what);

// The same for what has to be a folder below the root: "/" throws, too.
std::string canonical_folder(std::string_view text, std::string_view what);

// What was placed at a path.
struct Placed {
  EntryType type = EntryType::directory;
  std::uint32_t mode = 0755;
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::string link_target = {};
  std::map<std::string, std::string> xattrs = {};
};

// Places entries on a base, such that its links and directories stay what they are (DESIGN "Parents and links in the
// base"): paths go through the base's symlinked directories, and every parent is written with the base's own mode,
// owner and xattrs, or 0755 root. One thread.
class Placement {
 public:
  // Borrows the tree for its life.
  Placement(const Tree& base, std::int64_t mtime) : base_(base), mtime_(mtime) {}

  // Where an entry at `path` really lies: the symlinks of its parent directories followed.
  std::string resolve(const std::string& path) const;
  // Adds an entry at its path, resolved. A directory that the base has keeps the base's metadata, unless
  // `Existing::replace`. Throws Error{invalid_argument} when the place is taken by another entry of this or an earlier
  // layer, when a parent is no directory, or when a file would replace a directory of the base.
  enum class Existing { keep, replace };
  void add(LayerEntry entry, Existing existing = Existing::keep);

  // From now on a file may replace one that was placed before.
  void begin_overlay() { ++overlay_; }

  // What was placed at the resolved path, parents that were implied not included; nothing where nothing was.
  std::optional<Placed> find(std::string_view path) const;
  // Whether a directory was placed at the path, or is a parent of what was.
  bool has_directory(const std::string& path) const;
  // Whether anything was placed below the resolved path.
  bool has_below(std::string_view folder) const;

  // Whether the path leads to a file in the image so far, links of the base and of what was placed followed.
  bool has_file(std::string_view path) const;
  // Calls `visit` with all paths at which something was placed, in their order within a layer.
  void for_each(const std::function<void(std::string_view path)>& visit) const;
  // The absolute paths of the executable files that were placed.
  std::vector<std::string> programs() const;

  // Forgets all, for the memory that it takes.
  void clear() {
    spots_.clear();
    last_ = spots_.end();
    memory_.release();
  }

  // The entries since the last call, with their parents, in the order of a layer; empty when there are none.
  std::vector<LayerEntry> take_layer();

 private:
  // One of many.
  struct Spot {
    EntryType type = EntryType::directory;
    std::uint16_t mode = 0755;
    bool is_implied = false;  // as a parent
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t overlay = 0;          // in which it was placed
    std::uint32_t layer = 0;            // that has it last; 0: none
    std::uint32_t at = 0;               // and where in it
    std::unique_ptr<Placed> more = {};  // of links, and of what has xattrs or larger numbers
  };
  struct PathLess {
    using is_transparent = void;
    bool operator()(std::string_view left, std::string_view right) const noexcept { return tar_path_less(left, right); }
  };
  // A folder is followed by what is below it.
  using Spots = std::pmr::map<std::pmr::string, Spot, PathLess>;

  static Placed placed_at(const Spot& spot);
  std::string resolve_beside(const std::string& path);
  const Spot* spot_at(std::string_view path) const;
  Spots::const_iterator below(std::string_view folder) const;
  Spots::const_iterator first_below(std::string_view folder, Spots::const_iterator at) const;
  Spots::iterator place_of(std::string_view path);
  void add_parents(const std::string& path);
  void add_parent(const std::string& parent, const std::string& path);
  void check_free(const TarEntry& entry, Spots::const_iterator near) const;
  void write(Spot& spot, LayerEntry made);

  const Tree& base_;
  const std::int64_t mtime_;
  std::pmr::monotonic_buffer_resource memory_;  // of the spots, which go all at once
  Spots spots_{&memory_};                       // in all layers so far
  Spots::iterator last_ = spots_.end();         // that was placed
  std::vector<LayerEntry> layer_;
  std::uint32_t layers_ = 1;
  std::uint32_t overlay_ = 0;
  std::string folder_;  // that was resolved last, and where it leads
  std::string resolved_folder_;
  std::string parents_of_;  // whose parents were added last
  bool has_parents_ = false;
};

}  // namespace ociassemble
