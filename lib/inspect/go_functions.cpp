// SPDX-License-Identifier: Apache-2.0
#include "inspect/go_functions.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

namespace ociassemble {
namespace {

constexpr std::size_t kTableWindow = std::size_t{1024} * 1024;
constexpr std::size_t kNameWindow = std::size_t{64} * 1024;
constexpr std::size_t kTableHeader = 8;
constexpr std::size_t kHeaderWords = 6;
constexpr std::uint64_t kFewestFunctions = 10;  // The runtime alone has hundreds; chance hits have fewer or too many.
constexpr std::uint64_t kMostFunctions = 10'000'000;
constexpr std::uint64_t kBudgetPerByte = 4;
constexpr std::uint64_t kSmallestBudget = std::uint64_t{16} * 1024 * 1024;
constexpr std::size_t kLongestFunctionName = std::size_t{16} * 1024;

// A place in the file that begins like a table.
struct TableStart {
  GoTable form = GoTable::none;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // up to the end of its section or segment
};

GoTable form_of(std::uint64_t magic) {
  switch (magic) {
    case 0xFFFFFFFB:
      return GoTable::go1_2;
    case 0xFFFFFFFA:
      return GoTable::go1_16;
    case 0xFFFFFFF0:
      return GoTable::go1_18;
    case 0xFFFFFFF1:
      return GoTable::go1_20;
    default:
      return GoTable::none;
  }
}

// Magic, two zeros, the smallest instruction, the size of a pointer.
GoTable form_of_header(const ElfFile& elf, std::string_view bytes) {
  if (bytes.size() < kTableHeader) return GoTable::none;
  const GoTable form = form_of(elf.number(bytes, 0, 4));
  const char quantum = bytes[6];
  const bool fits = bytes[4] == 0 && bytes[5] == 0 && (quantum == 1 || quantum == 2 || quantum == 4) &&
                    static_cast<std::size_t>(bytes[7]) == elf.word();
  return fits ? form : GoTable::none;
}

// How much is still read for tables whose parts lie anywhere: what linkers wrote is read through a few times at most.
using ReadBudget = std::uint64_t;

// Reads small pieces of a part of the file that lie near each other.
class NearReader {
 public:
  NearReader(const BoundedFile& file, const TableStart& table, ReadBudget& budget)
      : file_(file), table_(table), budget_(budget) {}

  // The piece at that place of the table; shorter at its end, and empty when the budget is spent.
  std::string_view at(std::uint64_t offset, std::size_t size) {
    if (offset >= table_.size) return {};
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, table_.size - offset));
    if (offset < from_ || offset + size > from_ + bytes_.size()) {
      const auto wanted = std::min<std::uint64_t>(std::max(size, kNameWindow), table_.size - offset);
      if (wanted > budget_) return {};
      budget_ -= wanted;
      from_ = offset;
      bytes_ = file_.read(table_.offset + offset, static_cast<std::size_t>(wanted));
    }
    return std::string_view(bytes_).substr(static_cast<std::size_t>(offset - from_), size);
  }

 private:
  const BoundedFile& file_;
  const TableStart& table_;
  ReadBudget& budget_;
  std::uint64_t from_ = 0;
  std::string bytes_;
};

using VisitName = std::function<void(std::string_view)>;

// Which texts of a table: names of functions, or names of source files.
enum class TablePart { functions, files };

// The table of Go 1.16 and later has all names in one piece. One that is over its limit is cut.
void visit_packed_names(const BoundedFile& file, std::uint64_t from, std::uint64_t end, const VisitName& visit) {
  std::string buffer;
  std::string rest;  // of a name that crosses two windows
  while (from < end) {
    auto window = file.read(from, static_cast<std::size_t>(std::min<std::uint64_t>(end - from, kNameWindow)), buffer);
    if (window.empty()) break;
    from += window.size();
    while (!window.empty()) {
      const auto stop = window.find('\0');
      auto name = window.substr(0, std::min(stop, kLongestFunctionName));
      if (!rest.empty() || stop == std::string_view::npos) {
        if (rest.size() < kLongestFunctionName) rest += name;
        name = rest;
      }
      if (stop == std::string_view::npos) break;
      if (!name.empty()) visit(name);
      rest.clear();
      window.remove_prefix(stop + 1);
    }
  }
}

bool visit_packed_table(const ElfFile& elf, const BoundedFile& file, const TableStart& table, TablePart part,
                        const VisitName& visit) {
  const std::size_t word = elf.word();
  const std::size_t words = part == TablePart::files ? kHeaderWords + 1 : kHeaderWords;
  const std::string header = file.read(table.offset, kTableHeader + words * word);
  if (header.size() < kTableHeader + words * word) return false;
  const auto value = [&](std::size_t n) { return elf.number(header, kTableHeader + n * word, word); };
  // After nfunc, nfiles, and from 1.18 on textStart: names, units, files, counters.
  const std::size_t first = (table.form == GoTable::go1_16 ? 2U : 3U) + (part == TablePart::files ? 2U : 0U);
  const std::uint64_t names = value(first);
  const std::uint64_t after = value(first + 1);
  if (value(0) < kFewestFunctions || value(0) > kMostFunctions || names >= after || after > table.size) return false;
  if (names < kTableHeader) return false;
  visit_packed_names(file, table.offset + names, table.offset + after, visit);
  return true;
}

// Before Go 1.16: pairs of address and offset of a function's record, whose second member is the offset of its name.
bool visit_scattered_table(const ElfFile& elf, const BoundedFile& file, const TableStart& table, ReadBudget& budget,
                           const VisitName& visit) {
  const std::size_t word = elf.word();
  NearReader pairs(file, table, budget);
  NearReader records(file, table, budget);
  NearReader names(file, table, budget);
  const auto count_bytes = pairs.at(kTableHeader, word);
  if (count_bytes.size() < word) return false;
  const std::uint64_t count = elf.number(count_bytes, 0, word);
  if (count < kFewestFunctions || count > kMostFunctions || count > table.size / (2 * word)) return false;
  bool found = false;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto pair = pairs.at(kTableHeader + word + 2 * word * i, 2 * word);
    if (pair.size() < 2 * word) return found;
    const std::uint64_t record_at = elf.number(pair, word, word);
    const auto record = record_at < table.size ? records.at(record_at + word, 4) : std::string_view();
    if (record.size() < 4) return found;
    const auto name = names.at(elf.number(record, 0, 4), kLongestFunctionName);
    const auto end = name.find('\0');
    if (end == std::string_view::npos) return found;
    if (end > 0) visit(name.substr(0, end));
    found = true;
  }
  return found;
}

bool visit_table(const ElfFile& elf, const BoundedFile& file, const TableStart& table, TablePart part,
                 ReadBudget& budget, const VisitName& visit) {
  if (table.form != GoTable::go1_2) return visit_packed_table(elf, file, table, part, visit);
  return part == TablePart::functions && visit_scattered_table(elf, file, table, budget, visit);
}

std::optional<TableStart> table_of_section(const ElfFile& elf, const BoundedFile& file) {
  for (const auto* name : {".gopclntab", ".data.rel.ro.gopclntab"}) {
    const auto section = elf.section(name);
    if (!section || section->type == kShtNobits || !file.holds(section->offset, section->size)) continue;
    const GoTable form = form_of_header(elf, file.read(section->offset, kTableHeader));
    if (form != GoTable::none) return TableStart{form, section->offset, section->size};
  }
  return {};
}

// Tables are aligned; the magic at other places is chance.
GoTable search_segment(const ElfFile& elf, const BoundedFile& file, const ElfSegment& segment, TablePart part,
                       ReadBudget& budget, const VisitName& visit) {
  const char wanted = '\xff';
  const std::size_t high = elf.is_little_endian() ? 3 : 0;
  for (std::uint64_t from = 0; from < segment.file_size; from += kTableWindow) {
    const auto size = std::min<std::uint64_t>(segment.file_size - from, kTableWindow + kTableHeader);
    const std::string window = file.read(segment.offset + from, static_cast<std::size_t>(size));
    const std::size_t end = std::min(window.size(), kTableWindow);
    for (std::size_t at = 0; at < end; at += 4) {
      if (at + kTableHeader > window.size()) break;
      if (window[at + high] != wanted || window[at + 4] != 0) continue;
      const GoTable form = form_of_header(elf, std::string_view(window).substr(at, kTableHeader));
      if (form == GoTable::none) continue;
      const TableStart table{form, segment.offset + from + at, segment.file_size - from - at};
      if (visit_table(elf, file, table, part, budget, visit)) return form;
    }
  }
  return GoTable::none;
}

GoTable visit_part(const ElfFile& elf, const BoundedFile& file, TablePart part, const VisitName& visit) {
  ReadBudget budget = kBudgetPerByte * file.size() + kSmallestBudget;
  if (const auto table = table_of_section(elf, file)) {
    if (visit_table(elf, file, *table, part, budget, visit)) return table->form;
  }
  for (const auto& segment : elf.segments()) {
    if (segment.type != kPtLoad) continue;
    const GoTable form = search_segment(elf, file, segment, part, budget, visit);
    if (form != GoTable::none) return form;
  }
  return GoTable::none;
}

// Where the parts of a table lie: the list of functions, what their offsets count from, and the names.
struct CodeTable {
  std::uint64_t count = 0;
  std::uint64_t list = 0;     // pairs of an address and the offset of a record
  std::uint64_t records = 0;  // what the offsets count from
  std::uint64_t names = 0;
  std::size_t field = 4;  // the size of an address in the list, and in a record
};

std::optional<CodeTable> read_code_table(const ElfFile& elf, const BoundedFile& file, const TableStart& table) {
  const std::size_t word = elf.word();
  const std::string header = file.read(table.offset, kTableHeader + (kHeaderWords + 2) * word);
  if (header.size() < kTableHeader + (kHeaderWords + 2) * word) return {};
  const auto value = [&](std::size_t n) { return elf.number(header, kTableHeader + n * word, word); };
  CodeTable code;
  code.count = value(0);
  if (code.count < kFewestFunctions || code.count > kMostFunctions) return {};
  if (table.form == GoTable::go1_2) {
    code.list = kTableHeader + word;
    code.field = word;
  } else {
    const std::size_t first = table.form == GoTable::go1_16 ? 2U : 3U;
    code.names = value(first);
    code.list = code.records = value(first + 4);
    code.field = table.form == GoTable::go1_16 ? word : 4;
  }
  if (code.names > table.size || code.list > table.size) return {};
  if (code.count > (table.size - code.list) / (2 * code.field)) return {};
  return code;
}

}  // namespace

GoTable for_each_go_code(const ElfFile& elf, const BoundedFile& file,
                         const std::function<void(std::string_view, std::uint64_t)>& visit) {
  const auto table = table_of_section(elf, file);
  const auto code = table ? read_code_table(elf, file, *table) : std::nullopt;
  if (!code) return GoTable::none;
  ReadBudget budget = kBudgetPerByte * file.size() + kSmallestBudget;
  NearReader pairs(file, *table, budget);
  NearReader records(file, *table, budget);
  NearReader names(file, *table, budget);
  for (std::uint64_t i = 0; i < code->count; ++i) {
    // The address behind the last pair is the end of the code.
    const auto pair = pairs.at(code->list + 2 * code->field * i, 3 * code->field);
    if (pair.size() < 3 * code->field) return GoTable::none;
    const auto begin = elf.number(pair, 0, code->field);
    const auto record_at = elf.number(pair, code->field, code->field);
    const auto end = elf.number(pair, 2 * code->field, code->field);
    if (record_at > table->size || end < begin) return GoTable::none;
    const auto record = records.at(code->records + record_at + code->field, 4);
    if (record.size() < 4) return GoTable::none;
    const auto name = names.at(code->names + elf.number(record, 0, 4), kLongestFunctionName);
    const auto stop = name.find('\0');
    if (stop == std::string_view::npos) return GoTable::none;
    if (stop > 0) visit(name.substr(0, stop), end - begin);
  }
  return table->form;
}

GoTable for_each_go_function(const ElfFile& elf, const BoundedFile& file, const VisitName& visit) {
  return visit_part(elf, file, TablePart::functions, visit);
}

GoTable for_each_go_file(const ElfFile& elf, const BoundedFile& file, const VisitName& visit) {
  return visit_part(elf, file, TablePart::files, visit);
}

}  // namespace ociassemble
