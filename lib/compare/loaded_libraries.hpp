// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "compare/library_folders.hpp"

namespace ociassemble {

// Whether two images load the same libraries for a program, by whatever loader. Borrows both views. One thread.
class LoadedLibraries {
 public:
  using Report = std::function<void(std::string)>;

  // `report` is told what is not the same, a line for each.
  LoadedLibraries(const StartView& before, const StartView& after, Report report);

  // Folders and libraries that the user's words to the loader name (--library-path, LD_PRELOAD), for all that follows.
  void add_folders(const std::string& list);
  void add_preloaded(std::string name) { preloaded_.insert(std::move(name)); }

  // Follows a program, or a library, that is the same file in both images, and all that it loads.
  void compare(const Found& before, const Found& after);

  // Whether something was loaded of which the loader's files decide.
  bool has_dynamic() const { return has_dynamic_; }
  bool has_unreadable_cache() const { return before_.has_unreadable_cache() || after_.has_unreadable_cache(); }
  // Where the files lie that were followed, in each image.
  const std::set<std::string>& reached_before() const { return reached_before_; }
  const std::set<std::string>& reached_after() const { return reached_after_; }

 private:
  struct Pair {
    std::shared_ptr<const Requester> before;
    std::shared_ptr<const Requester> after;
  };

  void follow(const Pair& pair);
  void compare_library(const std::string& name, const Pair& by);
  bool take(const std::vector<LibraryHit>& before, const std::vector<LibraryHit>& after, const Pair& by);
  void push(const Found& before, const Found& after, const Pair& by);

  LibraryFolders before_;
  LibraryFolders after_;
  Report report_;
  std::set<std::string> preloaded_;
  std::set<std::pair<std::string, std::string>> seen_;
  std::vector<Pair> waiting_;
  std::set<std::string> reached_before_;
  std::set<std::string> reached_after_;
  bool has_dynamic_ = false;
};

}  // namespace ociassemble
