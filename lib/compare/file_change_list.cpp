// SPDX-License-Identifier: Apache-2.0
#include "compare/file_change_list.hpp"

#include <utility>

namespace ociassemble {
namespace {

class ChangesInMemory : public FileChangeList, public std::enable_shared_from_this<ChangesInMemory> {
 public:
  explicit ChangesInMemory(std::vector<FileChange> changes) : changes_(std::move(changes)) {}
  std::unique_ptr<FileChangeReader> read() const override { return std::make_unique<Reader>(shared_from_this()); }

 private:
  class Reader : public FileChangeReader {
   public:
    explicit Reader(std::shared_ptr<const ChangesInMemory> list) : list_(std::move(list)) {}
    bool next(FileChange& change) override {
      if (place_ == list_->changes_.size()) return false;
      change = list_->changes_[place_++];
      return true;
    }

   private:
    std::shared_ptr<const ChangesInMemory> list_;
    std::size_t place_ = 0;
  };

  std::vector<FileChange> changes_;
};

}  // namespace

FileChanges::FileChanges(std::vector<FileChange> changes)
    : FileChanges(std::make_shared<const ChangesInMemory>(std::move(changes))) {}

FileChanges::FileChanges(std::shared_ptr<const FileChangeList> list) : list_(std::move(list)) {
  for (const auto& change : *this) {
    ++size_;
    if (!change.before) ++added_;
    if (!change.after) ++removed_;
  }
}

FileChanges::Iterator FileChanges::begin() const {
  return list_ ? Iterator(std::shared_ptr<FileChangeReader>(list_->read())) : Iterator();
}

FileChanges::Iterator::Iterator(std::shared_ptr<FileChangeReader> reader) : reader_(std::move(reader)) { ++*this; }

FileChanges::Iterator& FileChanges::Iterator::operator++() {
  if (!reader_->next(current_)) reader_.reset();
  return *this;
}

}  // namespace ociassemble
