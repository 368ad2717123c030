// SPDX-License-Identifier: Apache-2.0
#include "tar/tar_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "tar/tar_header.hpp"
#include "tar/tar_path.hpp"

namespace ociassemble {
namespace {

// What readers keep sizes and ids in.
constexpr auto kLargestNumber = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
// A pax header is read into memory; readers refuse larger ones (1 MiB both in Go's archive/tar and in libarchive).
constexpr std::size_t kLargestHeader = std::size_t{1} << 20U;

[[noreturn]] void refuse(const TarEntry& entry, std::string_view cause) {
  throw Error(ErrorCode::invalid_argument,
              fmt::format("cannot add {} to a layer: {}", tar_name_for_message(entry.path), cause));
}

[[noreturn]] void changed(const TarEntry& entry) {
  throw Error(ErrorCode::io,
              fmt::format("cannot add {} to a layer: it changed while it was read", tar_name_for_message(entry.path)));
}

void check_type(const TarEntry& entry, const Source* data) {
  switch (entry.type) {
    case EntryType::regular:
      if (data == nullptr && entry.size != 0) refuse(entry, "its data is missing");
      return;
    case EntryType::symlink:
      if (entry.link_target.empty()) refuse(entry, "the symlink has no target");
      if (entry.link_target.find('\0') != std::string::npos) refuse(entry, "NUL in the symlink's target");
      break;
    case EntryType::directory:
      break;
    case EntryType::hard_link:
    case EntryType::character_device:
    case EntryType::block_device:
    case EntryType::fifo:
      refuse(entry, "only regular files, directories and symlinks can be written");
  }
  if (data != nullptr || entry.size != 0) refuse(entry, "only regular files have data");
}

void check_values(const TarEntry& entry) {
  if (entry.mode > 07777) refuse(entry, fmt::format("mode {:o} is over 7777", entry.mode));
  if (std::max({entry.size, entry.uid, entry.gid}) > kLargestNumber) refuse(entry, "a number is out of range");
  for (const auto& [name, value] : entry.xattrs) {
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
      refuse(entry,
             fmt::format("no tar archive can hold an extended attribute named '{}'", tar_name_for_message(name)));
    }
  }
}

}  // namespace

TarWriter::TarWriter(Sink& to) : to_(to), buffer_(kCopyBufferSize) {}

void TarWriter::add(const TarEntry& entry, Source* data) {
  if (!is_canonical_tar_path(entry.path)) refuse(entry, "the path is not relative and clean");
  if (last_path_ && !tar_path_less(*last_path_, entry.path)) {
    refuse(entry, fmt::format("it does not sort after {}", tar_name_for_message(*last_path_)));
  }
  check_type(entry, data);
  check_values(entry);
  const auto headers = tar_header_blocks(entry);
  if (headers.size() > kLargestHeader) refuse(entry, "its path, link target and extended attributes are over 1 MiB");

  last_path_ = entry.path;
  append(headers);
  if (data != nullptr) append_data(entry, *data);
  append_zeros(tar_padding(entry.size));
}

void TarWriter::finish() {
  append_zeros(2 * kTarBlockSize);
  flush();
}

void TarWriter::append_data(const TarEntry& entry, Source& data) {
  for (auto left = entry.size; left != 0;) {
    const auto free = room();
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(free.size(), left));
    const auto count = data.read(free.first(wanted));
    if (count == 0) changed(entry);
    filled_ += count;
    left -= count;
  }
  std::array<std::byte, 1> more{};
  if (data.read(more) != 0) changed(entry);
}

void TarWriter::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto free = room();
    const auto count = std::min(free.size(), bytes.size());
    std::memcpy(free.data(), bytes.data(), count);
    filled_ += count;
    bytes.remove_prefix(count);
  }
}

void TarWriter::append_zeros(std::size_t count) {
  while (count != 0) {
    const auto free = room();
    const auto now = std::min(free.size(), count);
    std::fill_n(free.begin(), now, std::byte{0});
    filled_ += now;
    count -= now;
  }
}

std::span<std::byte> TarWriter::room() {
  if (filled_ == buffer_.size()) flush();
  return std::span(buffer_).subspan(filled_);
}

void TarWriter::flush() {
  to_.write(std::span(buffer_).first(filled_));
  filled_ = 0;
}

}  // namespace ociassemble
