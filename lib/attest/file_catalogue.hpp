// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "digest/hasher.hpp"
#include "inspect/elf_spool.hpp"
#include "inspect/go_build_info.hpp"
#include "ociassemble/image.hpp"
#include "tar/claimed_bytes.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// A regular file of an image: what an inventory wants to know of it.
struct CataloguedFile {
  std::optional<Digest> digest;
  std::uint32_t layer = 0;                      // which one brought it, counted from 1
  std::shared_ptr<const GoBuild> build;         // of a Go program
  std::shared_ptr<const std::string> contents;  // of a package manager's record and of os-release
};

// The regular files that an image's layers leave, each read once. One thread.
class FileCatalogue : private TreeWatcher {
 public:
  FileCatalogue();
  // Reads every layer and recomputes its diff ID. Throws DigestMismatch, and what reading and Tree::apply() throw;
  // Error{unsupported} for records that are larger than any real one.
  void read(const Image& image, const std::stop_token& stop);

  const std::map<std::string, CataloguedFile>& files() const noexcept { return files_; }
  const Tree& tree() const noexcept { return tree_; }
  // The file at the path, links followed; null where there is none.
  const CataloguedFile* find(std::string_view path) const;

 private:
  std::optional<Known> read(const TarEntry& entry, Source& data, std::uint32_t layer, std::uint32_t number) override;
  void placed(const TarEntry& entry, const std::string& path) override;
  void removed(const std::string& path) override;
  std::shared_ptr<const GoBuild> read_build(const std::string& name);
  void erase_below(const std::string& path);

  Tree tree_;
  std::map<std::string, CataloguedFile> files_;
  CataloguedFile pending_;  // read, and not yet placed
  std::uint32_t layer_ = 0;
  ClaimedBytes claimed_;
  std::uint64_t kept_ = 0;
  const HashSource* tar_bytes_ = nullptr;
  std::vector<std::byte> buffer_;
  ElfSpool spool_;
  std::stop_token stop_;
};

}  // namespace ociassemble
