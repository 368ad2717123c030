// SPDX-License-Identifier: Apache-2.0
#include "inspect/go_program.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "digest/hasher.hpp"
#include "inspect/elf.hpp"
#include "inspect/elf_notes.hpp"
#include "inspect/go_build_info.hpp"
#include "inspect/go_functions.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kElfMagic =
    "\x7f"
    "ELF";
constexpr std::size_t kMostFileNames = std::size_t{4} << 20U;
constexpr std::size_t kHashedPiece = std::size_t{256} * 1024;

// Nothing for a file that is no whole ELF program or library.
template <class Result, class Read>
std::optional<Result> of_elf_file(const BoundedFile& file, const Read& read) {
  if (file.read(0, kElfMagic.size()) != kElfMagic) return {};
  try {
    const ElfFile elf(file);
    if (elf.type() != kEtExec && elf.type() != kEtDyn) return {};
    return read(elf);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::check_failed) throw;
    return {};
  }
}

std::string architecture_of(const ElfFile& elf) {
  ElfInfo info;
  info.is_64_bit = elf.is_64_bit();
  info.is_little_endian = elf.is_little_endian();
  info.machine = elf.machine();
  return elf_architecture(info);
}

bool links_cgo(const ElfFile& elf, const BoundedFile& file) {
  bool found = false;
  for_each_go_function(elf, file, [&found](std::string_view name) {
    found = found || name.starts_with("runtime/cgo.") || name.starts_with("_cgo_");
  });
  return found;
}

std::optional<ProgramFile> program_of(const ElfFile& elf, const BoundedFile& file) {
  ProgramFile program{architecture_of(elf), {}};
  auto build = read_go_build(elf, file);
  if (!build) return read_elf_traits(elf, file).is_packed ? std::optional(program) : std::nullopt;
  GoProgram go;
  go.build = std::move(*build);
  go.build_id = read_go_build_id(elf, file);
  go.is_position_independent = elf.type() == kEtDyn;
  go.is_static = elf.first_segment(kPtInterp) == nullptr;
  go.has_symbols = elf.section(".symtab").has_value();
  go.has_debug_info = elf.section(".debug_info") || elf.section(".zdebug_info");
  go.uses_cgo = links_cgo(elf, file);
  program.go = std::move(go);
  return program;
}

// The digest of a range, with zeros in some places of it.
Digest digest_of(const BoundedFile& file, const FileRange& range, const std::vector<FileRange>& masks) {
  Hasher hasher;
  for (std::uint64_t done = 0; done < range.size;) {
    const auto from = range.offset + done;
    auto piece = file.read(from, static_cast<std::size_t>(std::min<std::uint64_t>(kHashedPiece, range.size - done)));
    if (piece.empty()) break;
    const auto end = from + piece.size();
    for (const auto& mask : masks) {
      const auto first = std::max(mask.offset, from);
      const auto last = std::min(mask.offset + mask.size, end);
      if (first < last) std::fill_n(piece.begin() + static_cast<std::ptrdiff_t>(first - from), last - first, '\0');
    }
    hasher.update(as_bytes(piece));
    done += piece.size();
  }
  return hasher.finish();
}

FileRange text_of(const ElfFile& elf) {
  if (const auto section = elf.section(".text"); section && section->type != kShtNobits)
    return {section->offset, section->size};
  for (const auto& segment : elf.segments()) {
    if (segment.type == kPtLoad && (segment.flags & kPfExecute) != 0) return {segment.offset, segment.file_size};
  }
  return {};
}

std::optional<Digest> digest_of_functions(const ElfFile& elf, const BoundedFile& file) {
  for (const auto* name : {".gopclntab", ".data.rel.ro.gopclntab"}) {
    const auto section = elf.section(name);
    if (section && section->type != kShtNobits) return digest_of(file, {section->offset, section->size}, {});
  }
  return {};
}

std::vector<std::string> source_files(const ElfFile& elf, const BoundedFile& file, const GoBuild& build) {
  if (build.setting("-trimpath") != nullptr) return {};
  std::vector<std::string> files;
  std::size_t size = 0;
  for_each_go_file(elf, file, [&](std::string_view name) {
    if (size + name.size() > kMostFileNames) return;
    size += name.size();
    files.emplace_back(name);
  });
  return files;
}

}  // namespace

std::optional<ProgramFile> read_program_file(const BoundedFile& file) {
  return of_elf_file<ProgramFile>(file, [&](const ElfFile& elf) { return program_of(elf, file); });
}

std::uint64_t size_of_facts(const GoProgram& program) {
  std::uint64_t size = sizeof(GoProgram) + (program.build_id ? 2 * program.build_id->text.size() : 0);
  const auto add = [&size](const GoModuleVersion& module) {
    size += sizeof(GoModuleVersion) + module.path.size() + module.version.size() + module.sum.size();
  };
  for (const auto& module : program.build.dependencies) {
    add(module.required);
    if (module.replacement) add(*module.replacement);
  }
  for (const auto& [key, value] : program.build.settings) size += sizeof(std::string) * 2 + key.size() + value.size();
  return size;
}

std::optional<GoCode> read_go_code(const BoundedFile& file, const GoBuild& build) {
  return of_elf_file<GoCode>(file, [&](const ElfFile& elf) -> std::optional<GoCode> {
    const auto masks = build_id_places(elf, file);
    const auto text = text_of(elf);
    return GoCode{digest_of(file, {0, file.size()}, masks), digest_of(file, text, masks), text.size,
                  digest_of_functions(elf, file), source_files(elf, file, build)};
  });
}

}  // namespace ociassemble
