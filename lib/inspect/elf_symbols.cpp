// SPDX-License-Identifier: Apache-2.0
#include "inspect/elf_symbols.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>

#include "inspect/elf_tags.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kPiece = std::size_t{256} * 1024;
constexpr std::size_t kSmallPiece = std::size_t{4} * 1024;  // of lists whose records may lie anywhere
constexpr std::uint64_t kMostRelocations = 50'000'000;
constexpr std::size_t kMostUndefined = 65536;
constexpr std::uint64_t kMostSymbols = 1'000'000;
constexpr std::uint64_t kTagGnuHash = 0x6FFFFEF5;
constexpr std::uint64_t kRelaTag = 7;  // also what DT_PLTREL says
constexpr unsigned kBindingWeak = 2;
constexpr unsigned kBindingUnique = 10;  // STB_GNU_UNIQUE

struct RelocationTable {
  std::uint64_t address_tag;
  std::uint64_t size_tag;
  bool is_jump_slots;
};
constexpr std::array kRelocationTables{RelocationTable{kRelaTag, 8, false}, RelocationTable{17, 18, false},
                                       RelocationTable{23, 2, true}};

// A part of the file at an address, read in pieces as they are asked for.
class AddressedTable {
 public:
  AddressedTable(const ElfFile& elf, const BoundedFile& file, std::uint64_t address, std::size_t piece = kPiece)
      : elf_(elf), file_(file), piece_(piece) {
    const auto place = elf.place_of(address);
    if (!place) elf.refuse_damaged("a table of its dynamic section is in no segment");
    place_ = *place;
  }

  std::uint64_t number(std::uint64_t at, std::size_t width) {
    if (at > place_.size || width > place_.size - at)
      elf_.refuse_damaged("a table of its dynamic section ends too early");
    if (at < from_ || at + width > from_ + bytes_.size()) {
      from_ = at;
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(place_.size - at, piece_));
      bytes_ = file_.read(place_.offset + at, size);
      if (bytes_.size() < width) elf_.refuse_damaged("a table of its dynamic section ends too early");
    }
    return elf_.number(bytes_, static_cast<std::size_t>(at - from_), width);
  }

 private:
  const ElfFile& elf_;
  const BoundedFile& file_;
  std::size_t piece_;
  ElfFile::Place place_;
  std::uint64_t from_ = 0;
  std::string bytes_;
};

// A symbol as the table has it.
struct RawSymbol {
  std::uint64_t name = 0;
  unsigned binding = 0;
  unsigned type = 0;
  std::uint64_t section = 0;
  std::uint64_t value = 0;
};

class SymbolTable {
 public:
  SymbolTable(const ElfFile& elf, const BoundedFile& file, std::uint64_t address)
      : is_64_bit_(elf.is_64_bit()), table_(elf, file, address) {}

  RawSymbol symbol(std::uint64_t index) {
    const std::uint64_t at = index * (is_64_bit_ ? 24 : 16);
    const auto info = static_cast<unsigned>(table_.number(at + (is_64_bit_ ? 4 : 12), 1));
    return {table_.number(at, 4), info >> 4U, info & 15U, table_.number(at + (is_64_bit_ ? 6 : 14), 2),
            table_.number(at + (is_64_bit_ ? 8 : 4), is_64_bit_ ? 8 : 4)};
  }

 private:
  bool is_64_bit_;
  AddressedTable table_;
};

// The library that each version index stands for.
std::map<std::uint64_t, std::string> libraries_of_versions(const ElfFile& elf, const BoundedFile& file,
                                                           const ElfTags& tags) {
  std::map<std::uint64_t, std::string> libraries;
  const auto address = tags.value(kTagVersionNeeds);
  if (!address) return libraries;
  AddressedTable table(elf, file, *address, kSmallPiece);
  std::size_t records = 0;
  for (std::uint64_t at = 0, next = 1; next != 0 && records < kMostUndefined; at += next) {
    const auto library = tags.name(table.number(at + 4, 4));
    std::uint64_t aux = at + table.number(at + 8, 4);
    for (auto left = table.number(at + 2, 2); left > 0 && ++records < kMostUndefined; --left) {
      libraries[table.number(aux + 6, 2) & 0x7FFFU] = library;
      const auto step = table.number(aux + 12, 4);
      if (step == 0) break;
      aux += step;
    }
    ++records;
    next = table.number(at + 12, 4);
  }
  return libraries;
}

// The symbols that relocations name, and whether each is named by jump slots only.
std::map<std::uint64_t, bool> relocated_symbols(const ElfFile& elf, const BoundedFile& file, const ElfTags& tags) {
  std::map<std::uint64_t, bool> symbols;
  const std::size_t word = elf.word();
  for (const auto& kind : kRelocationTables) {
    const auto address = tags.value(kind.address_tag);
    const auto size = tags.value(kind.size_tag).value_or(0);
    if (!address || size == 0) continue;
    const bool has_addend =
        kind.address_tag == kRelaTag || (kind.is_jump_slots && tags.value(20).value_or(0) == kRelaTag);
    const std::size_t entry_size = word * (has_addend ? 3 : 2);
    if (size / entry_size > kMostRelocations) elf.refuse_damaged("more relocations than any linker writes");
    AddressedTable table(elf, file, *address);
    for (std::uint64_t at = 0; at + entry_size <= size; at += entry_size) {
      const auto info = table.number(at + word, word);
      const auto symbol = elf.is_64_bit() ? info >> 32U : info >> 8U;
      if (symbol == 0) continue;
      const auto [found, is_new] = symbols.try_emplace(symbol, kind.is_jump_slots);
      if (!is_new) found->second = found->second && kind.is_jump_slots;
      if (symbols.size() > kMostUndefined) elf.refuse_damaged("more symbols than any linker writes");
    }
  }
  return symbols;
}

// DT_HASH has the number; DT_GNU_HASH only chains, of which the one that begins last ends last.
std::uint64_t count_symbols(const ElfFile& elf, const BoundedFile& file, const ElfTags& tags) {
  if (const auto address = tags.value(kTagHash)) return AddressedTable(elf, file, *address).number(4, 4);
  const auto address = tags.value(kTagGnuHash);
  if (!address) return 0;
  AddressedTable table(elf, file, *address);
  const auto buckets = table.number(0, 4);
  const auto first = table.number(4, 4);
  const std::uint64_t buckets_at = 16 + table.number(8, 4) * elf.word();
  if (buckets > kMostSymbols) elf.refuse_damaged("more symbols than any linker writes");
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < buckets; ++i) last = std::max(last, table.number(buckets_at + 4 * i, 4));
  if (last < first) return first;
  const std::uint64_t chains_at = buckets_at + 4 * buckets;
  while ((table.number(chains_at + 4 * (last - first), 4) & 1U) == 0) ++last;
  return last + 1;
}

}  // namespace

std::vector<ElfUndefinedSymbol> read_undefined_symbols(const ElfFile& elf, const BoundedFile& file) {
  const ElfTags tags(elf, file);
  const auto address = tags.value(kTagSymbolTable);
  if (!address) return {};
  SymbolTable symbols(elf, file, *address);
  const auto libraries = libraries_of_versions(elf, file, tags);
  std::optional<AddressedTable> versions;
  if (const auto versions_at = tags.value(kTagVersionSymbols)) versions.emplace(elf, file, *versions_at);
  std::vector<ElfUndefinedSymbol> undefined;
  for (const auto& [index, is_lazy] : relocated_symbols(elf, file, tags)) {
    const auto symbol = symbols.symbol(index);
    if (symbol.section != 0 || symbol.binding == kBindingWeak) continue;
    auto name = tags.text(symbol.name);
    if (name.empty()) continue;
    const auto library = versions ? libraries.find(versions->number(2 * index, 2) & 0x7FFFU) : libraries.end();
    undefined.push_back({std::move(name), library == libraries.end() ? "" : library->second, is_lazy});
  }
  std::sort(undefined.begin(), undefined.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return undefined;
}

std::vector<std::string> read_defined_symbols(const ElfFile& elf, const BoundedFile& file, std::size_t most) {
  const ElfTags tags(elf, file);
  const auto address = tags.value(kTagSymbolTable);
  if (!address) return {};
  SymbolTable symbols(elf, file, *address);
  const auto count = std::min(count_symbols(elf, file, tags), kMostSymbols);
  std::vector<std::string> names;
  for (std::uint64_t i = 1; i < count && names.size() < most; ++i) {
    const auto symbol = symbols.symbol(i);
    const bool is_offered =
        symbol.section != 0 &&
        (symbol.binding == 1 || symbol.binding == kBindingWeak || symbol.binding == kBindingUnique) &&
        (symbol.value != 0 || symbol.type == 6);  // STT_TLS begins at 0
    if (!is_offered) continue;
    names.push_back(tags.text(symbol.name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace ociassemble
