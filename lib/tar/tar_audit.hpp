// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "ociassemble/io.hpp"

namespace ociassemble {

// Looks at the header blocks of a tar archive while it is written through here, for what TarReader takes and container
// engines do not: they unpack with Go's archive/tar and know regular files, directories, links, devices and fifos.
// Never throws for what it finds; whether the archive is whole is TarReader's matter. One thread.
class TarAudit : public Sink {
 public:
  struct Finding {
    std::string path;  // as it is written
    std::string what;  // "is a sparse file (type S)"
  };

  void write(std::span<const std::byte> bytes) override;

  // Entries that engines cannot unpack; the first ones.
  const std::vector<Finding>& not_unpackable() const noexcept { return not_unpackable_; }
  // Paths that stand more than once; the first ones.
  const std::vector<std::string>& duplicates() const noexcept { return duplicates_; }

 private:
  struct PaxFacts {
    std::optional<std::string> path;
    std::optional<std::uint64_t> size;
    std::string problem;
  };

  void take_block(std::string_view block);
  void take_header(std::string_view block);
  void take_meta();
  void take_entry(std::string_view block, char type);
  void take_records(std::string_view records);
  void take_record(const std::string& key, std::string_view value);
  void add(const std::string& path, std::string what);
  void stop() { ended_ = true; }

  std::string block_;       // a block that is not yet whole
  std::uint64_t skip_ = 0;  // of data, with its padding
  char meta_type_ = 0;      // of the header whose data is gathered
  std::size_t meta_size_ = 0;
  std::string meta_;
  bool in_sparse_map_ = false;  // extension blocks of an old GNU sparse header
  std::uint64_t sparse_size_ = 0;
  bool ended_ = false;
  PaxFacts next_;                         // of the next entry
  std::unordered_set<std::size_t> seen_;  // hashes of paths
  std::vector<Finding> not_unpackable_;
  std::vector<std::string> duplicates_;
};

}  // namespace ociassemble
