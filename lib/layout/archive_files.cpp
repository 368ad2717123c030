// SPDX-License-Identifier: Apache-2.0
#include "layout/archive_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/stop.hpp"
#include "base/system_error.hpp"
#include "compress/codec.hpp"
#include "io/streams.hpp"
#include "layout/plain_tar.hpp"
#include "ociassemble/error.hpp"
#include "tar/tar_reader.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

// An image has a few dozen files; this many would cost us more memory than time.
constexpr std::size_t kMaxMembers = 100'000;
constexpr int kMaxLinks = 16;
// What is unpacked of an archive before anybody asks for it: documents.
constexpr std::uint64_t kMostKeptOfOne = std::uint64_t{4} << 20U;
constexpr std::uint64_t kMostKept = std::uint64_t{64} << 20U;

// The size of a regular file; nothing for a pipe or device, which can be read only once.
std::optional<std::uint64_t> regular_size(int fd, const std::string& name) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_errno(fmt::format("cannot read {}", name));
  if (!S_ISREG(status.st_mode)) return {};
  return static_cast<std::uint64_t>(status.st_size);
}

void require_no_folder(int fd, const std::string& name) {
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
    throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: it is a folder, not an archive", name));
  }
}

// Shares the position, which is still the beginning: what was read so far was read with pread.
UniqueFd duplicate(int fd, const std::string& name) {
  UniqueFd copied(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copied) throw_errno(fmt::format("cannot read {}", name));
  return copied;
}

// Where a symbolic link at `path` leads, as a path in the archive.
std::string join_link(const std::string& path, const std::string& target) {
  return (fs::path(path).parent_path() / target).lexically_normal().string();
}

}  // namespace

ArchiveFiles::ArchiveFiles(const fs::path& file, const std::function<bool(std::string_view path)>& wanted,
                           const std::stop_token& stop)
    : name_(file.string()), fd_(std::make_shared<const UniqueFd>(open_for_reading(file))) {
  require_no_folder(fd_->get(), name_);
  if (scan_plain_tar(stop)) return;
  members_.clear();
  list_packed(wanted, stop);
}

bool ArchiveFiles::scan_plain_tar(const std::stop_token& stop) {
  const auto end = regular_size(fd_->get(), name_);
  if (!end) return false;
  for (std::uint64_t offset = 0; offset + kTarBlockSize <= *end;) {
    throw_if_stopped(stop);
    std::array<std::byte, kTarBlockSize> block{};
    FileSliceSource source(fd_, offset, kTarBlockSize, name_);
    if (read_full(source, block) != block.size()) return false;
    // At least two zero blocks end an archive; what follows them is padding.
    if (std::all_of(block.begin(), block.end(), [](std::byte byte) { return byte == std::byte{0}; })) return true;
    auto header = parse_plain_tar_header(block);
    offset += kTarBlockSize;
    if (!header || header->size > *end - offset) return false;
    switch (header->type) {
      case PlainTarHeader::Type::regular:
        add(std::move(header->path), InPlace{.offset = offset, .size = header->size});
        break;
      case PlainTarHeader::Type::symlink:
        add(header->path, Link{join_link(header->path, header->link_target)});
        break;
      case PlainTarHeader::Type::hard_link:
        add(header->path, Link{join_link("", header->link_target)});
        break;
      case PlainTarHeader::Type::directory:
        break;
    }
    offset += (header->size + kTarBlockSize - 1) / kTarBlockSize * kTarBlockSize;
  }
  return false;
}

void ArchiveFiles::list_packed(const std::function<bool(std::string_view path)>& wanted, const std::stop_token& stop) {
  const auto size = regular_size(fd_->get(), name_);
  file_size_ = size.value_or(0);
  unpacked_ = std::make_shared<Unpacked>();
  unpacked_->store = make_temporary_store();
  const auto plain = make_decompressor(std::make_unique<FileSource>(duplicate(fd_->get(), name_), name_), name_);
  TarReader tar(*plain, name_);
  std::uint64_t kept = 0;
  while (const auto entry = tar.next()) {
    throw_if_stopped(stop);
    if (!wanted(entry->path)) continue;
    if (entry->type == EntryType::symlink) add(entry->path, Link{join_link(entry->path, entry->link_target)});
    if (entry->type == EntryType::hard_link) add(entry->path, Link{entry->link_target});
    if (entry->type != EntryType::regular) continue;
    add(entry->path, Packed{entry->size});
    // The last of several of one name counts.
    unpacked_->files.erase(entry->path);
    if (size && (entry->size > kMostKeptOfOne || (kept += entry->size) > kMostKept)) continue;
    const auto writer = unpacked_->store->begin();
    copy(tar.data(), *writer, stop);
    unpacked_->files.insert_or_assign(entry->path, writer->commit({}));
  }
}

void ArchiveFiles::expect(const std::set<std::string>& paths) const {
  if (!unpacked_) return;
  const std::lock_guard lock(unpacked_->mutex);
  for (const auto& path : paths) {
    if (const auto* member = find(path)) unpacked_->expected.insert(member->first);
  }
}

std::unique_ptr<Source> ArchiveFiles::open_packed(const std::string& path) const {
  const std::lock_guard lock(unpacked_->mutex);
  auto found = unpacked_->files.find(path);
  if (found == unpacked_->files.end()) {
    unpacked_->expected.insert(path);
    unpack_expected();
    found = unpacked_->files.find(path);
  }
  if (found == unpacked_->files.end()) {
    throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: {} is no longer in it", name_, path));
  }
  return unpacked_->store->open(found->second);
}

// Goes through the archive once more.
void ArchiveFiles::unpack_expected() const {
  auto& expected = unpacked_->expected;
  for (const auto& [path, file] : unpacked_->files) expected.erase(path);
  const auto plain = make_decompressor(std::make_unique<FileSliceSource>(fd_, 0, file_size_, name_), name_);
  TarReader tar(*plain, name_);
  while (const auto entry = tar.next()) {
    if (entry->type != EntryType::regular || expected.count(entry->path) == 0) continue;
    const auto writer = unpacked_->store->begin();
    copy(tar.data(), *writer, {});
    unpacked_->files.insert_or_assign(entry->path, writer->commit({}));
  }
  expected.clear();
}

void ArchiveFiles::add(std::string path, Member member) {
  members_.insert_or_assign(std::move(path), std::move(member));
  if (members_.size() > kMaxMembers) {
    throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: more than {} files in it", name_, kMaxMembers));
  }
}

const std::pair<const std::string, ArchiveFiles::Member>* ArchiveFiles::find(const std::string& path) const {
  auto found = members_.find(path);
  for (int links = 0; found != members_.end() && links < kMaxLinks; ++links) {
    const auto* link = std::get_if<Link>(&found->second);
    if (link == nullptr) return &*found;
    found = members_.find(link->target);
  }
  return nullptr;
}

const std::pair<const std::string, ArchiveFiles::Member>& ArchiveFiles::get(const std::string& path) const {
  const auto* member = find(path);
  if (member == nullptr) {
    throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: there is no file {} in it", name_, path));
  }
  return *member;
}

std::uint64_t ArchiveFiles::size(const std::string& path) const {
  const auto& member = get(path).second;
  if (const auto* in_place = std::get_if<InPlace>(&member)) return in_place->size;
  return std::get<Packed>(member).size;
}

std::unique_ptr<Source> ArchiveFiles::open(const std::string& path) const {
  const auto& [place, member] = get(path);
  if (const auto* in_place = std::get_if<InPlace>(&member)) {
    return std::make_unique<FileSliceSource>(fd_, in_place->offset, in_place->size,
                                             fmt::format("{} in {}", path, name_));
  }
  return open_packed(place);
}

std::string ArchiveFiles::read(const std::string& path, std::size_t limit) const {
  const auto source = open(path);
  return read_all(*source, limit, fmt::format("{} in {}", path, name_));
}

}  // namespace ociassemble
