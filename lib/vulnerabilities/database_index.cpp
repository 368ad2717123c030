// SPDX-License-Identifier: Apache-2.0
#include "vulnerabilities/database_index.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/nameless_file.hpp"
#include "base/system_error.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "vulnerabilities/packed.hpp"

// The file: a line with the magic, one with the fingerprint; blocks of packed keys and values; the packed table of
// blocks; the table's offset, size and hash as little-endian numbers of eight bytes.
namespace ociassemble {
namespace {

constexpr std::string_view kIndexMagic = "ociassemble vulnerability index 2\n";
constexpr std::size_t kBlockSize = std::size_t{16} << 10U;
constexpr std::uint64_t kLargestBlock = std::uint64_t{32} << 20U;
constexpr std::uint64_t kLargestTable = std::uint64_t{64} << 20U;
constexpr std::size_t kTrailerSize = 24;
constexpr std::size_t kMostCoverage = 10'000;

// Tables, in the order of the file.
constexpr std::string_view kAffectedTable = "A";
constexpr std::string_view kAdvisoryTable = "B";
constexpr std::string_view kAliasTable = "C";
constexpr std::string_view kCoverageTable = "D";
constexpr std::string_view kFactsTable = "E";

// FNV-1a: against damage, not against forgers, who could as well change the database.
std::uint64_t block_hash(std::string_view bytes) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return hash;
}

std::string key_prefix(std::string_view table, std::string_view first, std::string_view second) {
  std::string key(table);
  key += first;
  key += '\0';
  if (table == kAffectedTable) {
    key += second;
    key += '\0';
  }
  return key;
}

std::string eight_bytes(std::uint64_t value, bool little) {
  std::string bytes(8, '\0');
  for (unsigned i = 0; i < 8; ++i) bytes[little ? i : 7 - i] = static_cast<char>((value >> (8 * i)) & 0xFFU);
  return bytes;
}

std::uint64_t from_eight_bytes(std::string_view bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 8; ++i) value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return value;
}

void add_new(std::vector<std::string>& to, std::vector<std::string>&& more) {
  for (auto& one : more) {
    if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(std::move(one));
  }
}

}  // namespace

void IndexBuilder::add(std::string_view table, std::string_view first, std::string_view second,
                       std::string_view value) {
  // A number makes each key another; the order of one package's records is that of the database.
  sorter_.add(key_prefix(table, first, second) + eight_bytes(++number_, false), value);
}

void IndexBuilder::add(const Advisory& advisory) {
  ++facts_.advisories;
  take_modified(advisory.modified);
  add(kAdvisoryTable, advisory.id, {}, pack(advisory));
  for (const auto& alias : advisory.aliases) add(kAliasTable, alias, {}, advisory.id);
}

void IndexBuilder::add(std::string_view ecosystem, std::string_view package, const AffectedPackage& affected) {
  add_coverage(ecosystem, {});
  add(kAffectedTable, ecosystem, package, pack(affected));
}

void IndexBuilder::add_coverage(std::string_view ecosystem, std::string_view part) {
  if (facts_.coverage.size() < kMostCoverage) facts_.coverage.emplace(ecosystem, part);
}

void IndexBuilder::take_modified(std::string_view time) {
  // Go's zero time stands for "unknown" in the sources of its database.
  if (time > facts_.modified && !time.starts_with("0001-")) facts_.modified = time;
}

void IndexBuilder::write(int fd, std::string_view fingerprint) {
  PackedWriter facts;
  facts.number(facts_.advisories);
  facts.text(facts_.modified);
  add(kFactsTable, {}, {}, facts.take());
  for (const auto& [ecosystem, part] : facts_.coverage) {
    PackedWriter coverage;
    coverage.text(ecosystem);
    coverage.text(part);
    add(kCoverageTable, ecosystem, {}, coverage.take());
  }
  std::uint64_t written = 0;
  const auto put = [&](std::string_view bytes) {
    write_nameless_file(fd, as_bytes(bytes));
    written += bytes.size();
  };
  put(std::string(kIndexMagic) + std::string(fingerprint) + "\n");
  PackedWriter table;
  std::string block;
  std::string first_key;
  const auto end_block = [&] {
    if (block.empty()) return;
    table.text(first_key);
    table.number(written);
    table.number(block.size());
    table.number(block_hash(block));
    put(block);
    block.clear();
  };
  const auto sorted = sorter_.finish();
  auto records = sorted.read();
  while (records.next()) {
    if (block.empty()) first_key = records.key();
    PackedWriter record;
    record.text(records.key());
    record.text(records.value());
    block += record.take();
    if (block.size() >= kBlockSize) end_block();
  }
  end_block();
  const auto bytes = table.take();
  const auto at = written;
  put(bytes);
  put(eight_bytes(at, true) + eight_bytes(bytes.size(), true) + eight_bytes(block_hash(bytes), true));
}

std::optional<DatabaseIndex> DatabaseIndex::open(UniqueFd fd, std::string_view fingerprint, std::string subject) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw_errno("cannot read " + subject);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto head = std::string(kIndexMagic) + std::string(fingerprint) + "\n";
  if (!S_ISREG(status.st_mode) || size < head.size() + kTrailerSize) return {};
  DatabaseIndex index;
  index.fd_ = std::make_shared<const UniqueFd>(std::move(fd));
  index.subject_ = std::move(subject);
  const auto read = [&](std::uint64_t offset, std::uint64_t length) {
    FileSliceSource slice(index.fd_, offset, length, index.subject_);
    return read_all(slice, static_cast<std::size_t>(length), index.subject_);
  };
  if (read(0, head.size()) != head) return {};
  const auto trailer = read(size - kTrailerSize, kTrailerSize);
  const auto at = from_eight_bytes(trailer);
  const auto length = from_eight_bytes(std::string_view(trailer).substr(8));
  if (length > kLargestTable || at > size || length > size - at) return {};
  const auto table = read(at, length);
  if (block_hash(table) != from_eight_bytes(std::string_view(trailer).substr(16))) return {};
  PackedReader blocks(table);
  while (blocks.is_good() && !blocks.is_whole()) {
    Block block;
    block.first_key = blocks.text();
    block.offset = blocks.number();
    block.size = blocks.number();
    block.hash = blocks.number();
    if (!blocks.is_good() || block.size > kLargestBlock || block.offset > size || block.size > size - block.offset) {
      return {};
    }
    index.blocks_.push_back(std::move(block));
  }
  bool has_facts = false;
  index.for_each(kFactsTable, [&](std::string_view, std::string_view value) {
    PackedReader facts(value);
    index.facts_.advisories = facts.number();
    index.facts_.modified = facts.text();
    has_facts = facts.is_whole();
    return false;
  });
  index.for_each(kCoverageTable, [&](std::string_view, std::string_view value) {
    PackedReader coverage(value);
    auto ecosystem = coverage.text();
    index.facts_.coverage.emplace(std::move(ecosystem), coverage.text());
    return true;
  });
  return has_facts ? std::optional(std::move(index)) : std::nullopt;
}

void DatabaseIndex::refuse() const {
  throw Error(ErrorCode::corrupt, "cannot read " + subject_ + ": the index is damaged",
              "remove it; the next run makes it again");
}

std::string DatabaseIndex::read_block(const Block& block) const {
  FileSliceSource slice(fd_, block.offset, block.size, subject_);
  auto bytes = read_all(slice, static_cast<std::size_t>(block.size), subject_);
  if (block_hash(bytes) != block.hash) refuse();
  return bytes;
}

void DatabaseIndex::for_each(std::string_view prefix,
                             const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
  // The last block that begins before the prefix may hold its first records.
  auto block = std::lower_bound(blocks_.begin(), blocks_.end(), prefix,
                                [](const Block& one, std::string_view key) { return one.first_key < key; });
  if (block != blocks_.begin()) --block;
  for (; block != blocks_.end(); ++block) {
    const auto bytes = read_block(*block);
    PackedReader records(bytes);
    while (records.is_good() && !records.is_whole()) {
      const auto key = records.text();
      const auto value = records.text();
      if (!records.is_good()) refuse();
      const auto order = std::string_view(key).substr(0, prefix.size()).compare(prefix);
      if (order > 0) return;
      if (order == 0 && !visit(key, value)) return;
    }
  }
}

void DatabaseIndex::for_each_affected(std::string_view ecosystem, std::string_view package,
                                      const std::function<void(AffectedPackage&&)>& visit) const {
  for_each(key_prefix(kAffectedTable, ecosystem, package), [&](std::string_view, std::string_view value) {
    auto affected = unpack_affected(value);
    if (!affected) refuse();
    visit(std::move(*affected));
    return true;
  });
}

bool DatabaseIndex::has_package(std::string_view ecosystem, std::string_view package) const {
  bool found = false;
  for_each(key_prefix(kAffectedTable, ecosystem, package), [&](std::string_view, std::string_view) {
    found = true;
    return false;
  });
  return found;
}

std::optional<Advisory> DatabaseIndex::find_advisory(std::string_view id) const {
  std::optional<Advisory> found;
  for_each(key_prefix(kAdvisoryTable, id, {}), [&](std::string_view, std::string_view value) {
    auto one = unpack_advisory(value);
    if (!one) refuse();
    if (!found) {
      found = std::move(one);
      return true;
    }
    add_new(found->aliases, std::move(one->aliases));
    add_new(found->upstream, std::move(one->upstream));
    add_new(found->vectors, std::move(one->vectors));
    if (found->summary.empty()) found->summary = std::move(one->summary);
    // Withdrawn only where all records are.
    if (one->withdrawn.empty()) found->withdrawn.clear();
    return true;
  });
  return found;
}

std::vector<std::string> DatabaseIndex::advisories_of_alias(std::string_view id) const {
  std::vector<std::string> found;
  for_each(key_prefix(kAliasTable, id, {}), [&](std::string_view, std::string_view value) {
    if (std::find(found.begin(), found.end(), value) == found.end()) found.emplace_back(value);
    return true;
  });
  return found;
}

}  // namespace ociassemble
