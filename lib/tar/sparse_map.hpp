// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tar/pax_header.hpp"
#include "tar/tar_input.hpp"

namespace ociassemble {

// Where the stored data of a sparse file belongs; the rest of the file is zeros (GNU tar manual, "Sparse Formats").
// Chunks come in the order of the file, lie in it and do not overlap.
struct SparseMap {
  struct Chunk {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  std::vector<Chunk> chunks;
  std::uint64_t file_size = 0;

  // How many bytes are stored.
  std::uint64_t stored() const;
};

// All throw Error{corrupt} with "a sparse map …" or "the archive ends in …" for a map that makes no sense.

// Of an old GNU header (type 'S') and the blocks that continue it, which are taken from the input.
SparseMap read_gnu_sparse_map(std::string_view header, TarInput& input);
// What a pax header's GNU.sparse records say, versions 0.0 and 0.1 there, 1.0 at the head of the data, where it is
// taken from the input and its size from `stored`. Nothing where the entry is not sparse, whatever else the records
// say.
std::optional<SparseMap> read_pax_sparse_map(const PaxHeader& pax, std::uint64_t& stored, TarInput& input);

}  // namespace ociassemble
