// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "attest/file_digest.hpp"
#include "inspect/go_build_info.hpp"
#include "inspect/linked_functions.hpp"
#include "tar/entry.hpp"

namespace ociassemble {

// What is in the few files that an inventory reads.
struct FileFindings {
  std::shared_ptr<const GoBuild> build;                   // of a Go program; may be null
  std::optional<std::string> contents;                    // of a package manager's record and of os-release
  std::shared_ptr<const LinkedFunctions> functions = {};  // of a Go program, where asked for and readable
  // Where functions were asked for: a program that Go may have built, and that is packed or has no build information.
  bool is_opaque = false;

  bool is_empty() const { return !build && !contents && !functions && !is_opaque; }
};

// What an inventory wants to know of a regular file's bytes. Small, since there is one for each file.
struct FileDetails {
  std::optional<FileDigest> digest;              // nothing for what is no regular file
  std::shared_ptr<const FileFindings> findings;  // null for most

  std::shared_ptr<const GoBuild> build() const { return findings ? findings->build : nullptr; }
  // Null where they were not kept.
  const std::string* contents() const { return findings && findings->contents ? &*findings->contents : nullptr; }
};

// A layer's entries with what is known of their bytes, for a cache.
class LayerFactsWriter {
 public:
  void add(const TarEntry& entry, const FileDetails& details);
  // Nothing when it came to more than a record may be.
  std::optional<std::string> take();

 private:
  std::string bytes_;
  bool is_too_large_ = false;
};

// Reads what LayerFactsWriter wrote; never trusts a length.
class LayerFactsReader {
 public:
  // Borrows the bytes.
  explicit LayerFactsReader(std::string_view bytes);

  struct Fact {
    TarEntry entry;  // path, type, size and link target
    FileDetails details;
  };
  // Nothing at the end, and for what is no such record: see is_whole().
  std::optional<Fact> next();
  // Once next() gave nothing: whether all of the bytes were read.
  bool is_whole() const { return is_good_ && rest_.empty(); }

 private:
  std::optional<std::uint64_t> number();
  std::optional<std::string> text();
  std::optional<GoModuleVersion> module_version();
  std::optional<GoModule> module();
  std::optional<GoBuild> build();
  std::optional<Fact> fact();

  std::string_view rest_;
  bool is_good_;
};

}  // namespace ociassemble
