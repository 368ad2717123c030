// SPDX-License-Identifier: Apache-2.0
#include "policy/unpacked_image.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/stop.hpp"
#include "base/text.hpp"
#include "image/layer_reader.hpp"
#include "inspect/certificates.hpp"
#include "inspect/os_release.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::uint64_t kMostTreeMetadata = 1'000'000'000;
constexpr std::uint64_t kLargestProgram = std::uint64_t{2} << 30U;
constexpr std::size_t kLargestText = std::size_t{1} << 20U;
constexpr std::size_t kLargestKey = std::size_t{256} << 10U;
constexpr std::size_t kLongestScriptLine = 256;  // that the kernel reads
constexpr std::uint64_t kRoomOfDetail = 300;

template <class Names>
bool is_one_of(const Names& names, std::string_view path) {
  return std::find(names.begin(), names.end(), path) != names.end();
}

bool is_policy_text(std::string_view path) {
  return path == kShadowPath || path == kLoaderPreloadPath || is_one_of(kLoaderTexts, path) ||
         is_one_of(kAccountTexts, path) || is_one_of(kOsReleaseFiles, path);
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
  auto line = head.substr(0, std::min(head.find('\n'), kLongestScriptLine));
  return std::string(line);
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

void visit_below(const Tree::Node& folder, const std::string& path, const UnpackedImage::Visit& visit) {
  for (const auto& [name, child] : folder.children) {
    const auto child_path = path.empty() ? std::string(name) : path + "/" + std::string(name);
    visit(child_path, child);
    visit_below(child, child_path, visit);
  }
}

std::uint64_t room_of_detail(const FileDetail& detail) {
  std::uint64_t room = kRoomOfDetail + (detail.text ? detail.text->size() : 0) + detail.script_line.size();
  const auto add_library = [&](const LibraryFacts& facts) {
    for (const auto& name : facts.musl_symbols) room += name.size() + sizeof(std::string);
    for (const auto& symbol : facts.undefined) room += symbol.name.size() + sizeof(symbol);
    room += 64 * (facts.dynamic.needed.size() + facts.dynamic.version_needs.size());
    if (facts.dynamic.version_definitions) room += 64 * facts.dynamic.version_definitions->size();
  };
  if (detail.library) add_library(*detail.library);
  if (detail.program) {
    add_library(detail.program->facts);
    if (detail.program->go) room += size_of_facts(*detail.program->go);
    constexpr std::uint64_t kRoomOfPackage = 150;
    if (detail.program->code) room += kRoomOfPackage * detail.program->code->packages.size();
  }
  return room;
}

}  // namespace

UnpackedImage::UnpackedImage(const Image& image, std::stop_token stop)
    : image_(image), stop_(std::move(stop)), tree_({}, kMostTreeMetadata), spool_(kLargestProgram) {
  buffer_.resize(kCopyBufferSize);
  for (const auto& layer : image_.layers()) {
    tree_.start_layer(this);
    for_each_entry(layer, stop_, [&](const ReadEntry& read) {
      layer_bytes_ = read.layer_bytes;
      tree_.add(read.entry, read.data);
    });
  }
}

std::optional<TreeWatcher::Known> UnpackedImage::read(const TarEntry& entry, Source& data, std::uint32_t layer,
                                                      std::uint32_t number) {
  if (entry.type != EntryType::regular) return {};
  auto detail = look_at(entry, data);
  const auto room = room_of_detail(detail);
  details_.insert_or_assign({layer, number}, std::move(detail));
  return Known{{}, room};
}

FileDetail UnpackedImage::look_at(const TarEntry& entry, Source& data) {
  claimed_.take(entry, layer_bytes_, "check the image");
  const bool is_bundle = is_one_of(kCertificateFiles, entry.path);
  const auto most = is_policy_text(entry.path) || is_bundle ? kLargestText : kLargestKey;
  std::string kept;
  spool_.begin();
  for (;;) {
    throw_if_stopped(stop_);
    const auto count = read_full(data, buffer_);
    const auto bytes = std::span<const std::byte>(buffer_).first(count);
    spool_.write(bytes);
    if (kept.size() < most) kept += as_text(bytes.first(std::min(count, most - kept.size())));
    if (count < buffer_.size()) break;
  }
  FileDetail detail;
  detail.script_line = script_line_of(kept);
  if (is_policy_text(entry.path) && entry.size <= kLargestText) detail.text = kept;
  if (is_bundle) detail.certificates = count_certificates(kept);
  if (spool_.keeps()) {
    look_at_elf(entry.path, entry.mode, detail);
  } else if (is_library_path(entry.path)) {
    detail.library = std::make_shared<const LibraryFacts>(facts_of_library(kept));
  } else {
    detail.holds_private_key = holds_key(kept);
  }
  return detail;
}

void UnpackedImage::look_at_elf(const std::string& path, std::uint32_t mode, FileDetail& detail) const {
  const auto file = spool_.file("/" + path);
  if (is_library_path(path)) {
    const auto bytes = file->read(0, static_cast<std::size_t>(std::min<std::uint64_t>(file->size(), 64U << 20U)));
    detail.library = std::make_shared<const LibraryFacts>(facts_of_library(bytes));
  }
  if ((mode & 0111U) == 0) return;
  ProgramDetail program;
  try {
    program.elf = read_elf(*file);
    if (!program.elf->interpreter.empty()) program.facts = facts_of_program(*file);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::check_failed) throw;
    program.elf.reset();  // a library, or damaged
  }
  if (auto built = read_program_file(*file)) program.go = std::move(built->go);
  if (program.go) {
    program.needs = needs_of_program(*file);
    program.code = read_go_code_sizes(ElfFile(*file), *file, program.go->build);
  }
  if (program.elf || program.go) detail.program = std::make_shared<const ProgramDetail>(std::move(program));
}

void UnpackedImage::for_each(const Visit& visit) const { visit_below(tree_.root(), "", visit); }

const FileDetail& UnpackedImage::detail_of(const Tree::Node& node) const {
  static const FileDetail kNone;
  if (node.type != EntryType::regular) return kNone;
  const auto found = details_.find({node.bytes_layer, node.bytes_entry});
  return found == details_.end() ? kNone : found->second;
}

std::optional<UnpackedImage::Found> UnpackedImage::look_up(std::string_view path) const {
  try {
    auto real = tree_.resolve(path);
    const auto* node = tree_.find(real);
    if (node == nullptr) return {};
    return Found{std::move(real), node};
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) throw;
    return {};  // symlinks in a circle lead to nothing
  }
}

std::string UnpackedImage::read_bytes(const Tree::Node& node, std::size_t most) const {
  std::string bytes;
  if (node.bytes_layer == 0 || node.bytes_layer > image_.layers().size()) return bytes;
  std::uint32_t number = 0;
  for_each_entry(image_.layers()[node.bytes_layer - 1], stop_, [&](const ReadEntry& read) {
    if (number++ == node.bytes_entry) bytes = read_all(read.data, most, read.entry.path);
  });
  return bytes;
}

std::optional<RootFile> UnpackedImage::find(std::string_view path) const {
  auto found = look_up(path);
  if (!found || found->node->type != EntryType::regular) return {};
  const auto& node = *found->node;
  const auto& detail = detail_of(node);
  return RootFile{std::move(found->path), node.mode, node.uid, node.gid, detail.library, detail.certificates};
}

std::optional<RootFolder> UnpackedImage::folder(std::string_view path) const {
  const auto found = look_up(path);
  if (!found || found->node->type != EntryType::directory) return {};
  const auto& node = *found->node;
  return RootFolder{node.mode, node.uid, node.gid, !node.children.empty()};
}

std::optional<std::string> UnpackedImage::text(std::string_view path) const {
  const auto found = look_up(path);
  return found ? detail_of(*found->node).text : std::nullopt;
}

std::vector<std::string> UnpackedImage::paths_named(std::string_view name) const {
  std::vector<std::string> paths;
  for_each([&](const std::string& path, const Tree::Node& node) {
    if (node.type != EntryType::directory && std::string_view(path).substr(path.rfind('/') + 1) == name)
      paths.push_back(path);
  });
  return paths;
}

bool UnpackedImage::may_reach(std::string_view path, std::uint64_t uid, std::uint64_t gid) const {
  for (auto folder = folder_of(std::string(path)); !folder.empty(); folder = folder_of(folder)) {
    const auto* node = tree_.find(folder);
    if (node == nullptr) return false;
    const std::uint32_t searchable = node->uid == uid ? 0100U : node->gid == gid ? 0010U : 0001U;
    if (uid != 0 && (node->mode & searchable) == 0) return false;
  }
  return true;
}

}  // namespace ociassemble
