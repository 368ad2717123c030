// SPDX-License-Identifier: Apache-2.0
#include "attest/file_facts_reader.hpp"

#include <fmt/format.h>

#include <memory>
#include <string_view>
#include <utility>

#include "inspect/elf_notes.hpp"
#include "inspect/linked_functions.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "tar/tar_path.hpp"

namespace ociassemble {
namespace {

constexpr std::uint64_t kLargestRecord = std::uint64_t{64} << 20U;
constexpr std::uint64_t kMostRecords = std::uint64_t{256} << 20U;

// Whether a file of that name may be what a package manager or the system writes down. By the last name alone: folders
// above may be links.
bool may_be_record(std::string_view path) {
  const auto name = path.substr(path.rfind('/') + 1);
  return name == "installed" || name == "status" || name.ends_with("os-release") || name.ends_with(".list") ||
         path.find("dpkg/status.d/") != std::string_view::npos;
}

}  // namespace

void FileFactsReader::begin(const TarEntry& entry) {
  hasher_ = Hasher();
  contents_.reset();
  if (!may_be_record(entry.path)) return;
  if (entry.size > kLargestRecord || kept_ + entry.size > kMostRecords) {
    throw Error(ErrorCode::unsupported,
                fmt::format("cannot list the contents of the image: {} is too large for a record",
                            tar_name_for_message(entry.path)));
  }
  kept_ += entry.size;
  contents_.emplace();
}

void FileFactsReader::write(std::span<const std::byte> bytes) {
  hasher_.update(bytes);
  if (contents_) *contents_ += as_text(bytes);
}

FileDetails FileFactsReader::finish(const std::optional<BoundedFile>& elf) {
  FileDetails details;
  details.digest.emplace(hasher_.finish());
  FileFindings findings;
  findings.contents = std::exchange(contents_, std::nullopt);
  if (elf) read_program(*elf, findings);
  if (!findings.is_empty()) details.findings = std::make_shared<const FileFindings>(std::move(findings));
  return details;
}

void FileFactsReader::read_program(const BoundedFile& file, FileFindings& findings) const {
  try {
    const ElfFile elf(file);
    if (auto build = read_go_build(elf, file)) findings.build = std::make_shared<const GoBuild>(std::move(*build));
    if (detail_ != ProgramReading::functions) return;
    auto functions = read_linked_functions(elf, file);
    if (!findings.build) findings.is_opaque = functions.has_value() || read_elf_traits(elf, file).is_packed;
    if (findings.build && functions) {
      findings.functions = std::make_shared<const LinkedFunctions>(std::move(*functions));
    }
  } catch (const Error& error) {
    // Damaged: a file like any other.
    if (error.code() != ErrorCode::check_failed) throw;
  }
}

}  // namespace ociassemble
