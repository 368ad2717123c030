// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"

namespace ociassemble {

// Records in the order of their keys' bytes, in little memory whatever their number: beyond some megabytes they lie in
// sorted runs in a temporary file. Immutable; safe for concurrent use; copies share what they hold.
class SortedRecords {
 public:
  struct Stored;
  // One thread. Keeps what it reads from.
  class Reader {
   public:
    explicit Reader(std::shared_ptr<const Stored> stored);
    Reader(Reader&&) noexcept;
    Reader& operator=(Reader&&) noexcept;
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader();

    // Goes to the next record; false when there is none. Throws Error{io}.
    bool next();
    // Of the record; they last until the next call of next().
    std::string_view key() const noexcept { return key_; }
    std::string_view value() const noexcept { return value_; }

   private:
    class Run;
    bool next_in_memory();

    std::shared_ptr<const Stored> stored_;
    std::size_t place_ = 0;  // of the next record in memory
    std::vector<std::unique_ptr<Run>> runs_;
    std::vector<std::size_t> heap_;  // runs by their records, the least one first
    std::string_view key_;
    std::string_view value_;
  };

  SortedRecords();
  explicit SortedRecords(std::shared_ptr<const Stored> stored) : stored_(std::move(stored)) {}
  Reader read() const { return Reader(stored_); }

 private:
  std::shared_ptr<const Stored> stored_;
};

// Makes them. Of records with one key the last that is added counts. One thread.
class RecordSorter {
 public:
  static constexpr std::size_t kMemory = std::size_t{8} << 20U;

  explicit RecordSorter(std::size_t memory = kMemory);
  RecordSorter(const RecordSorter&) = delete;
  RecordSorter& operator=(const RecordSorter&) = delete;
  ~RecordSorter();

  // Throws Error{io} where the temporary file cannot be made or written.
  void add(std::string_view key, std::string_view value);
  // Called once, at the end.
  SortedRecords finish();

 private:
  void sort();
  void write_run();

  std::size_t memory_;
  std::shared_ptr<SortedRecords::Stored> stored_;
};

}  // namespace ociassemble
