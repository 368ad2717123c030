// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compare/cached_libraries.hpp"
#include "compare/start_view.hpp"

namespace ociassemble {

// A program or library whose own libraries are looked for.
struct Requester {
  Found file;
  std::shared_ptr<const Requester> by;  // null for the program
};

// The folders that a kind of loader searches at last.
struct LoaderKindFolders {
  bool is_musl = false;
  std::vector<std::string> folders;
};

// A file that a loader may take for a library: always, or only on some machines.
struct LibraryHit {
  std::string condition;  // "glibc-hwcaps/x86-64-v3", "cache"; empty: the search ends here
  Found file;
};

// Where the loaders of an image look for libraries, in their order (glibc, elf/dl-load.c; musl, ldso/dynlink.c).
// Borrows the view. One thread.
class LibraryFolders {
 public:
  // `triplets`: names such as "x86_64-linux-gnu" of folders that either image has, see triplets_of().
  LibraryFolders(const StartView& view, const std::set<std::string>& triplets);

  // Of any image the same number, in the same order.
  const std::vector<LoaderKindFolders>& kinds() const { return kinds_; }
  // Whether the loader's cache is there and cannot be read.
  bool has_unreadable_cache() const { return has_unreadable_cache_; }

  // Searched like LD_LIBRARY_PATH.
  void add_folders(std::string_view list);

  // All files that a loader of that kind may take for the library, the most wanted first, up to the one that it takes
  // on every machine. Those of other machines are left out; one that is the same as the next is.
  std::vector<LibraryHit> find(std::string_view name, const Requester& by, const LoaderKindFolders& kind) const;
  // The same of a name with a slash in it, in which "$ORIGIN" and so on may stand.
  std::vector<LibraryHit> find_path(std::string_view name, const Requester& by) const;

 private:
  std::vector<std::string> expand(std::string_view folder, const Found& by) const;
  void append_expanded(std::vector<std::string>& folders, const std::vector<std::string>& list, const Found& by) const;
  std::vector<std::string> first_folders(const Requester& by, bool is_musl) const;
  bool take_from(const std::string& folder, std::string_view name, const ElfLinks* by,
                 std::vector<LibraryHit>& hits) const;
  void take_capabilities(const std::string& folder, std::string_view name, const ElfLinks* by,
                         std::vector<LibraryHit>& hits) const;
  void take_old_capabilities(const Found& folder, const std::string& below, std::string_view name, const ElfLinks* by,
                             std::vector<LibraryHit>& hits) const;
  bool take(const std::string& path, std::string condition, const ElfLinks* by, std::vector<LibraryHit>& hits) const;

  const StartView& view_;
  std::set<std::string> triplets_;
  std::vector<std::string> environment_;
  std::vector<LoaderKindFolders> kinds_;
  CachedLibraries cache_;
  bool has_unreadable_cache_ = false;
};

std::set<std::string> triplets_of(const StartView& view);

}  // namespace ociassemble
