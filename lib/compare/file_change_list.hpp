// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "ociassemble/compare.hpp"

namespace ociassemble {

// Gives changes one after the other. One thread.
class FileChangeReader {
 public:
  FileChangeReader() = default;
  FileChangeReader(const FileChangeReader&) = delete;
  FileChangeReader& operator=(const FileChangeReader&) = delete;
  virtual ~FileChangeReader() = default;

  // False at the end.
  virtual bool next(FileChange& change) = 0;
};

// What a FileChanges holds. Immutable; safe for concurrent use.
class FileChangeList {
 public:
  FileChangeList() = default;
  FileChangeList(const FileChangeList&) = delete;
  FileChangeList& operator=(const FileChangeList&) = delete;
  virtual ~FileChangeList() = default;

  virtual std::unique_ptr<FileChangeReader> read() const = 0;
};

}  // namespace ociassemble
