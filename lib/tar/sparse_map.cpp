// SPDX-License-Identifier: Apache-2.0
#include "tar/sparse_map.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "ociassemble/error.hpp"
#include "tar/tar_header.hpp"
#include "tar/tar_numbers.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostChunks = std::size_t{1} << 20U;
constexpr std::size_t kNumberSize = 12;  // of an old header's field

[[noreturn]] void bad_map(std::string cause) { throw Error(ErrorCode::corrupt, "a sparse map " + std::move(cause)); }

std::uint64_t size_from(std::optional<std::int64_t> number) {
  if (!number || *number < 0) bad_map("with a number that is none");
  return static_cast<std::uint64_t>(*number);
}

void add_chunk(SparseMap& map, std::uint64_t offset, std::uint64_t size) {
  if (map.chunks.size() == kMostChunks) bad_map("of over a million chunks");
  map.chunks.push_back({offset, size});
}

SparseMap checked(SparseMap map) {
  std::uint64_t end = 0;
  for (const auto& chunk : map.chunks) {
    if (chunk.offset < end || chunk.offset > map.file_size || chunk.size > map.file_size - chunk.offset) {
      bad_map("that contradicts its size");
    }
    end = chunk.offset + chunk.size;
  }
  return map;
}

// False at the end of the map.
bool add_gnu_chunk(SparseMap& map, std::string_view fields) {
  if (fields[0] == '\0' || fields[kNumberSize] == '\0') return false;
  const auto offset = size_from(tar_number(fields.substr(0, kNumberSize)));
  add_chunk(map, offset, size_from(tar_number(fields.substr(kNumberSize, kNumberSize))));
  return true;
}

void add_gnu_chunks(SparseMap& map, std::string_view fields) {
  while (!fields.empty() && add_gnu_chunk(map, fields)) fields.remove_prefix(2 * kNumberSize);
}

std::uint64_t number_of(const PaxHeader& pax, std::string_view keyword) {
  return size_from(pax_number(pax.find(keyword)));
}

SparseMap map_0_1(const PaxHeader& pax, std::string_view list) {
  SparseMap map{{}, number_of(pax, "GNU.sparse.size")};
  std::vector<std::uint64_t> numbers;
  for (std::size_t begin = 0; begin <= list.size();) {
    const auto end = std::min(list.find(',', begin), list.size());
    numbers.push_back(size_from(pax_number(list.substr(begin, end - begin))));
    if (numbers.size() > 2 * kMostChunks) bad_map("of over a million chunks");
    begin = end + 1;
  }
  if (numbers.size() % 2 != 0) bad_map("with an offset and no size");
  for (std::size_t i = 0; i < numbers.size(); i += 2) add_chunk(map, numbers[i], numbers[i + 1]);
  return map;
}

SparseMap map_0_0(const PaxHeader& pax) {
  SparseMap map{{}, number_of(pax, "GNU.sparse.size")};
  bool has_offset = false;
  std::uint64_t offset = 0;
  for (const auto& [keyword, value] : pax.all()) {
    if (keyword == "GNU.sparse.offset") {
      if (std::exchange(has_offset, true)) bad_map("with an offset and no size");
      offset = size_from(pax_number(value));
    } else if (keyword == "GNU.sparse.numbytes") {
      if (!std::exchange(has_offset, false)) bad_map("with a size and no offset");
      add_chunk(map, offset, size_from(pax_number(value)));
    }
  }
  if (has_offset) bad_map("with an offset and no size");
  return map;
}

// Decimal numbers, one a line, in whole blocks before the data.
class MapLines {
 public:
  MapLines(TarInput& input, std::uint64_t& stored) : input_(input), stored_(stored) {}

  std::uint64_t next() {
    std::string digits;
    for (;;) {
      if (block_.empty()) fetch();
      const char c = block_.front();
      block_.erase(0, 1);
      if (c == '\n') break;
      digits += c;
      if (digits.size() > 20) bad_map("with a number that is none");
    }
    return size_from(pax_number(digits));
  }

 private:
  void fetch() {
    if (stored_ < kTarBlockSize) bad_map("that is longer than its data");
    block_ = input_.take(kTarBlockSize);
    if (block_.size() != kTarBlockSize) throw Error(ErrorCode::corrupt, "the archive ends in a sparse map");
    stored_ -= kTarBlockSize;
  }

  TarInput& input_;
  std::uint64_t& stored_;
  std::string block_;
};

SparseMap map_1_0(const PaxHeader& pax, std::uint64_t& stored, TarInput& input) {
  SparseMap map{{}, number_of(pax, "GNU.sparse.realsize")};
  MapLines lines(input, stored);
  for (auto count = lines.next(); count != 0; --count) {
    const auto offset = lines.next();
    add_chunk(map, offset, lines.next());
  }
  return map;
}

}  // namespace

std::uint64_t SparseMap::stored() const {
  std::uint64_t size = 0;
  for (const auto& chunk : chunks) size += chunk.size;
  return size;
}

SparseMap read_gnu_sparse_map(std::string_view header, TarInput& input) {
  constexpr std::size_t kFirst = 386, kFirstCount = 4, kIsExtended = 482, kRealSize = 483;
  constexpr std::size_t kMoreCount = 21, kIsMoreExtended = 504;
  SparseMap map{{}, size_from(tar_number(header.substr(kRealSize, kNumberSize)))};
  add_gnu_chunks(map, header.substr(kFirst, kFirstCount * 2 * kNumberSize));
  for (bool more = header[kIsExtended] != '\0'; more;) {
    const auto block = input.take(kTarBlockSize);
    if (block.size() != kTarBlockSize) throw Error(ErrorCode::corrupt, "the archive ends in a sparse map");
    add_gnu_chunks(map, block.substr(0, kMoreCount * 2 * kNumberSize));
    more = block[kIsMoreExtended] != '\0';
  }
  return checked(std::move(map));
}

std::optional<SparseMap> read_pax_sparse_map(const PaxHeader& pax, std::uint64_t& stored, TarInput& input) {
  if (pax.find("GNU.sparse.major") == "1") return checked(map_1_0(pax, stored, input));
  if (const auto list = pax.find("GNU.sparse.map"); !list.empty()) return checked(map_0_1(pax, list));
  if (!pax.find("GNU.sparse.numblocks").empty()) return checked(map_0_0(pax));
  return {};
}

}  // namespace ociassemble
