// SPDX-License-Identifier: Apache-2.0
#include "policy/detail_reader.hpp"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "base/stop.hpp"
#include "base/text.hpp"
#include "gates/root_files.hpp"
#include "inputs/input_file.hpp"
#include "inspect/certificates.hpp"
#include "inspect/os_release.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::uint64_t kLargestProgram = std::uint64_t{2} << 30U;
constexpr std::size_t kLargestLibrary = std::size_t{64} << 20U;
constexpr std::size_t kLargestText = std::size_t{1} << 20U;
constexpr std::size_t kLargestKey = std::size_t{256} << 10U;
constexpr std::size_t kLongestScriptLine = 256;  // that the kernel reads
constexpr std::string_view kElfBeginning = "\x7f\x45\x4c\x46";

template <class Names>
bool is_one_of(const Names& names, std::string_view path) {
  return std::find(names.begin(), names.end(), path) != names.end();
}

bool is_policy_text(std::string_view path) {
  return path == kShadowPath || path == kLoaderPreloadPath || is_one_of(kLoaderTexts, path) ||
         is_one_of(kAccountTexts, path) || is_one_of(kOsReleaseFiles, path);
}

bool is_certificate_bundle(std::string_view path) { return is_one_of(kCertificateFiles, path); }

// How much of a file that is no ELF file is looked at.
std::size_t kept_of(std::string_view path) {
  return is_policy_text(path) || is_certificate_bundle(path) ? kLargestText : kLargestKey;
}

// PEM (RFC 7468): a line "-----BEGIN … PRIVATE KEY-----", and a line of base64 behind it, so that no text about keys is
// taken for one. OpenSSL's old form has headers before the base64.
bool holds_key(std::string_view bytes) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kKey = "PRIVATE KEY-----";
  for (auto at = bytes.find(kBegin); at != std::string_view::npos; at = bytes.find(kBegin, at + 1)) {
    if (at != 0 && bytes[at - 1] != '\n') continue;
    const auto end = std::min(bytes.find('\n', at), bytes.size());
    auto line = bytes.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.ends_with(kKey)) continue;
    const auto next = bytes.substr(std::min(end + 1, bytes.size()), 24);
    const bool is_base64 = next.size() >= 16 && std::all_of(next.begin(), next.begin() + 16, [](char c) {
                             return is_letter_or_digit(c) || c == '+' || c == '/' || c == '=';
                           });
    if (is_base64 || next.starts_with("Proc-Type:")) return true;
  }
  return false;
}

std::string script_line_of(std::string_view head) {
  if (!head.starts_with("#!")) return {};
  return std::string(head.substr(0, std::min(head.find('\n'), kLongestScriptLine)));
}

// Of the beginning of a file that is no ELF file.
void look_at_text(const TarEntry& entry, std::string_view kept, FileDetail& detail) {
  detail.script_line = script_line_of(kept);
  if (is_policy_text(entry.path) && entry.size <= kLargestText) detail.text = kept;
  if (is_certificate_bundle(entry.path)) detail.certificates = count_certificates(kept);
}

void look_at_other(const TarEntry& entry, std::string_view kept, FileDetail& detail) {
  if (is_library_path(entry.path)) {
    detail.library = std::make_shared<const LibraryFacts>(facts_of_library(kept));
  } else {
    detail.holds_private_key = holds_key(kept);
  }
}

}  // namespace

DetailReader::DetailReader(DetailWants wants, std::stop_token stop)
    : wants_(wants), stop_(std::move(stop)), spool_(kLargestProgram) {}

FileDetail DetailReader::read(const TarEntry& entry, Source& data, std::uint64_t layer_bytes, FileFactsReader* facts) {
  claimed_.take(entry, layer_bytes, "check the image");
  return read_stream(entry, data, facts);
}

FileDetail DetailReader::read(const LayerEntry& made) {
  throw_if_stopped(stop_);
  const auto data = made.bytes->open();
  const auto* file = dynamic_cast<const InputFile*>(data.get());
  if (file == nullptr) return read_stream(made.entry, *data, nullptr);
  if (!file->is_known_to_stay()) throw_changed("/" + made.entry.path);
  auto detail = read_pieces(made.entry, file->in_pieces());
  file->require_unchanged();
  return detail;
}

FileDetail DetailReader::read_stream(const TarEntry& entry, Source& data, FileFactsReader* facts) {
  const auto most = kept_of(entry.path);
  std::string kept;
  buffer_.resize(kCopyBufferSize);
  spool_.begin();
  for (;;) {
    throw_if_stopped(stop_);
    const auto count = read_full(data, buffer_);
    const auto bytes = std::span<const std::byte>(buffer_).first(count);
    spool_.write(bytes);
    if (facts != nullptr) facts->write(bytes);
    if (kept.size() < most) kept += as_text(bytes.first(std::min(count, most - kept.size())));
    if (count < buffer_.size()) break;
  }
  FileDetail detail;
  look_at_text(entry, kept, detail);
  if (const auto file = spool_.file("/" + entry.path)) {
    look_at_elf(entry.path, entry.mode, *file, detail);
  } else {
    look_at_other(entry, kept, detail);
  }
  return detail;
}

FileDetail DetailReader::read_pieces(const TarEntry& entry, const BoundedFile& file) const {
  FileDetail detail;
  const bool is_elf = file.size() <= kLargestProgram && file.read(0, kElfBeginning.size()) == kElfBeginning;
  if (is_elf) {
    look_at_elf(entry.path, entry.mode, file, detail);
    return detail;
  }
  const auto kept = file.read(0, kept_of(entry.path));
  look_at_text(entry, kept, detail);
  look_at_other(entry, kept, detail);
  return detail;
}

void DetailReader::look_at_elf(const std::string& path, std::uint32_t mode, const BoundedFile& file,
                               FileDetail& detail) const {
  if (is_library_path(path)) {
    const auto bytes = file.read(0, static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), kLargestLibrary)));
    detail.library = std::make_shared<const LibraryFacts>(facts_of_library(bytes));
  }
  if ((mode & 0111U) == 0) return;
  ProgramDetail program;
  try {
    program.elf = read_elf(file);
    if (!program.elf->interpreter.empty()) program.facts = facts_of_program(file);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::check_failed) throw;
    program.elf.reset();  // a library, or damaged
  }
  if (auto built = read_program_file(file)) program.go = std::move(built->go);
  if (program.go) {
    if (wants_.needs) program.needs = needs_of_program(file);
    if (wants_.code) program.code = read_go_code_sizes(ElfFile(file), file, program.go->build);
  }
  if (program.elf || program.go) detail.program = std::make_shared<const ProgramDetail>(std::move(program));
}

}  // namespace ociassemble
