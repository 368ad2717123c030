// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "image/layer_builder.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// "/usr/bin/app" -> "usr/bin/app". Throws Error{invalid_argument} naming `what` for a relative path, one that leaves
// the root by "..", one with a NUL or a component over 255 bytes; "/" gives "".
std::string canonical_path(std::string_view text, std::string_view what);

// The same for what has to be a folder below the root: "/" throws, too.
std::string canonical_folder(std::string_view text, std::string_view what);

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
  void begin_overlay();

  // What was placed at the resolved path, parents that were implied not included; null where nothing was.
  const TarEntry* find(const std::string& path) const;
  // Whether a directory was placed at the path, or is a parent of what was.
  bool has_directory(const std::string& path) const;
  // Whether anything was placed below the resolved path.
  bool has_below(const std::string& folder) const;

  // Whether the path leads to a file in the image so far, links of the base and of what was placed followed.
  bool has_file(std::string_view path) const;
  // All paths at which something was placed.
  std::vector<std::string> paths() const;
  // The absolute paths of the executable files that were placed.
  std::vector<std::string> programs() const;

  // The entries since the last call, with their parents, as one layer's; empty when there are none.
  std::vector<LayerEntry> take_layer();

 private:
  void add_parents(const std::string& path);
  void check_free(const TarEntry& entry) const;

  const Tree& base_;
  std::int64_t mtime_;
  std::map<std::string, TarEntry> placed_;  // in all layers so far, without the parents that were implied
  std::set<std::string> replaceable_;       // of those, the files below the overlay
  std::map<std::string, LayerEntry> layer_;
};

}  // namespace ociassemble
