// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "inspect/go_build_info.hpp"
#include "ociassemble/digest.hpp"
#include "tar/entry.hpp"

namespace ociassemble {

// What an inventory wants to know of a regular file's bytes.
struct FileDetails {
  std::optional<Digest> digest;                 // SHA-256; nothing for what is no regular file
  std::shared_ptr<const GoBuild> build;         // of a Go program
  std::shared_ptr<const std::string> contents;  // of a package manager's record and of os-release
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
