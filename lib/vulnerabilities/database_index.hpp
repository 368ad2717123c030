// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"
#include "io/sorted_records.hpp"
#include "vulnerabilities/advisory.hpp"

namespace ociassemble {

// What a database covers, and how new it is.
struct DatabaseFacts {
  std::uint64_t advisories = 0;
  std::string modified;  // the newest change of an advisory; RFC 3339, empty where none says
  // Ecosystem, and the part of it that is covered (secdb's repository); empty for all.
  std::set<std::pair<std::string, std::string>> coverage;
};

// Collects what the readers of a database give, in bounded memory.
class IndexBuilder : public AdvisorySink {
 public:
  void add(const Advisory& advisory) override;
  void add(std::string_view ecosystem, std::string_view package, const AffectedPackage& affected) override;
  void add_coverage(std::string_view ecosystem, std::string_view part) override;
  void take_modified(std::string_view time);
  // What was collected. Nothing may be added afterwards.
  const DatabaseFacts& facts() const noexcept { return facts_; }
  // Writes the index of the database with that fingerprint (64 characters) to the file, which holds nothing.
  void write(int fd, std::string_view fingerprint);

 private:
  void add(std::string_view table, std::string_view first, std::string_view second, std::string_view value);

  RecordSorter sorter_;
  DatabaseFacts facts_;
  std::uint64_t number_ = 0;
};

// Finds what a database says of a package, without reading the database: a file of sorted blocks, of which a lookup
// reads one or two. Safe for concurrent use.
class DatabaseIndex {
 public:
  // Nothing where the file is no index of the database with that fingerprint, or a damaged one. Throws Error{io}.
  static std::optional<DatabaseIndex> open(UniqueFd fd, std::string_view fingerprint, std::string subject);

  const DatabaseFacts& facts() const noexcept { return facts_; }

  // These throw Error{corrupt} for an index that was damaged since it was written.
  void for_each_affected(std::string_view ecosystem, std::string_view package,
                         const std::function<void(AffectedPackage&&)>& visit) const;
  bool has_package(std::string_view ecosystem, std::string_view package) const;
  // What all records of that id say together.
  std::optional<Advisory> find_advisory(std::string_view id) const;
  // The advisories that have the id among their aliases.
  std::vector<std::string> advisories_of_alias(std::string_view id) const;

 private:
  struct Block {
    std::string first_key;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t hash = 0;
  };
  // Calls for each record whose key begins so, until `visit` says false.
  void for_each(std::string_view prefix,
                const std::function<bool(std::string_view key, std::string_view value)>& visit) const;
  std::string read_block(const Block& block) const;
  [[noreturn]] void refuse() const;

  std::shared_ptr<const UniqueFd> fd_;
  std::string subject_;
  std::vector<Block> blocks_;
  DatabaseFacts facts_;
};

}  // namespace ociassemble
