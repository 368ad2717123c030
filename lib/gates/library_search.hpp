// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gates/root_files.hpp"
#include "gates/runs.hpp"

namespace ociassemble {

// The folders of a list such as LD_LIBRARY_PATH, empty ones too; at most 4096.
std::vector<std::string> split_folders(std::string_view list, std::string_view separators);

// A library that is loaded, or the program, which comes first.
struct LoadedFile {
  std::string path;  // in the root, without symlinks
  std::shared_ptr<const LibraryFacts> facts;
  const LoadedFile* loaded_by = nullptr;  // null for the program
};

// What the search for one library comes to.
struct SearchResult {
  std::optional<RootFile> file;
  std::string unusable;  // a file that ends the search with an error: its path; then `cause` says why
  std::string cause;
};

// The places where a loader looks for libraries, in its order. Borrows all. One thread.
class LibrarySearch {
 public:
  LibrarySearch(const ProgramStart& program, const RootFiles& root, LoaderKind loader,
                const LibraryFacts& loader_facts);

  SearchResult find(std::string_view name, const LoadedFile& by) const;
  // Where every library is looked for at last.
  const std::vector<std::string>& default_folders() const noexcept { return default_folders_; }

 private:
  SearchResult find_anywhere(std::string_view name, const LoadedFile& by) const;
  SearchResult find_by_glibc(std::string_view name, const LoadedFile& by) const;
  SearchResult find_by_musl(std::string_view name, const LoadedFile& by) const;
  std::optional<SearchResult> find_in_cache(std::string_view name, const LoadedFile& by) const;
  // Nothing where the search goes on.
  std::optional<SearchResult> try_path(const std::string& path) const;
  std::optional<SearchResult> try_folders(const std::vector<std::string>& folders, std::string_view name) const;
  std::vector<std::string> expand(std::string_view list, const LoadedFile& by) const;
  bool may_read(const RootFile& file) const;
  bool fits_machine(const LibraryFacts& facts) const;

  const ProgramStart& program_;
  const RootFiles& root_;
  LoaderKind loader_;
  std::vector<std::string> environment_folders_;
  std::vector<std::string> default_folders_;
  mutable std::string unreadable_;  // the first file of a search that the image's user cannot read
  std::multimap<std::string, std::string, std::less<>> cache_;  // those without glibc-hwcaps first
};

}  // namespace ociassemble
