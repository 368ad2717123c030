// SPDX-License-Identifier: Apache-2.0
#include "vulnerabilities/zip_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "base/system_error.hpp"
#include "base/text.hpp"
#include "compress/codec.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kEndSize = 22;
constexpr std::size_t kLongestComment = 65'535;
constexpr std::size_t kLocatorSize = 20;
constexpr std::size_t kEnd64Size = 56;
constexpr std::size_t kCentralSize = 46;
constexpr std::size_t kLocalSize = 30;
constexpr std::uint64_t kMostEntries = 1'000'000;
constexpr std::uint64_t kLargestDirectory = std::uint64_t{512} << 20U;
constexpr std::size_t kDirectoryWindow = std::size_t{1} << 20U;
constexpr std::size_t kLongestEntryName = 1024;
constexpr std::uint32_t kIn64 = 0xFFFFFFFF;

std::uint64_t little(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return value;
}

bool leaves_folder(std::string_view name) {
  if (name.starts_with('/') || name.find('\\') != std::string_view::npos) return true;
  for (;;) {
    const auto end = name.find('/');
    if (name.substr(0, end) == "..") return true;
    if (end == std::string_view::npos) return false;
    name.remove_prefix(end + 1);
  }
}

// Sources one after the other.
class SourceChain : public Source {
 public:
  explicit SourceChain(std::vector<std::unique_ptr<Source>> sources) : sources_(std::move(sources)) {}
  std::size_t read(std::span<std::byte> buffer) override {
    for (; place_ < sources_.size(); ++place_) {
      const auto count = sources_[place_]->read(buffer);
      if (count > 0) return count;
    }
    return 0;
  }

 private:
  std::vector<std::unique_ptr<Source>> sources_;
  std::size_t place_ = 0;
};

// Gives exactly so many bytes, or throws.
class ExactSource : public Source {
 public:
  ExactSource(std::unique_ptr<Source> from, std::uint64_t size, std::string subject)
      : from_(std::move(from)), left_(size), subject_(std::move(subject)) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const auto count = from_->read(buffer);
    if (count > left_ || (count == 0 && left_ > 0)) {
      throw Error(ErrorCode::corrupt, "cannot read " + subject_ + ": it does not unpack to the size that it states");
    }
    left_ -= count;
    return count;
  }

 private:
  std::unique_ptr<Source> from_;
  std::uint64_t left_;
  std::string subject_;
};

std::string little_bytes(std::uint64_t value, std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xFFU);
  return bytes;
}

// Takes what ZIP64 says in place of the fields that are full.
void take_zip64(std::string_view extra, ZipEntry& entry) {
  while (extra.size() >= 4) {
    const auto id = little(extra, 0, 2);
    const auto size = little(extra, 2, 2);
    extra.remove_prefix(4);
    if (size > extra.size()) return;
    auto field = extra.substr(0, size);
    extra.remove_prefix(size);
    if (id != 1) continue;
    for (auto* value : {&entry.size, &entry.packed_size, &entry.offset}) {
      if (*value != kIn64) continue;
      if (field.size() < 8) return;
      *value = little(field, 0, 8);
      field.remove_prefix(8);
    }
  }
}

}  // namespace

ZipFile::ZipFile(const std::filesystem::path& path)
    : fd_(std::make_shared<const UniqueFd>(open_for_reading(path))), subject_(path.string()) {
  struct stat status {};
  if (::fstat(fd_->get(), &status) != 0) throw_errno("cannot read " + subject_);
  if (!S_ISREG(status.st_mode)) throw Error(ErrorCode::io, "cannot read " + subject_ + ": it is no regular file");
  size_ = static_cast<std::uint64_t>(status.st_size);
  read_directory();
  refuse_overlaps();
}

void ZipFile::refuse(const std::string& cause) const {
  throw Error(ErrorCode::corrupt, "cannot read " + subject_ + ": " + cause, "fetch it again");
}

std::string ZipFile::read(std::uint64_t offset, std::uint64_t size) const {
  if (offset > size_ || size > size_ - offset) refuse("it is a truncated ZIP archive");
  FileSliceSource slice(fd_, offset, size, subject_);
  return read_all(slice, static_cast<std::size_t>(size), subject_);
}

void ZipFile::read_directory() {
  const auto tail_size = std::min<std::uint64_t>(size_, kEndSize + kLongestComment);
  const auto tail = read(size_ - tail_size, tail_size);
  const auto end_at = tail.rfind("PK\x05\x06");
  if (end_at == std::string::npos || tail.size() - end_at < kEndSize)
    refuse("it is no ZIP archive, or a truncated one");
  std::uint64_t count = little(tail, end_at + 10, 2);
  std::uint64_t directory_size = little(tail, end_at + 12, 4);
  directory_ = little(tail, end_at + 16, 4);
  if (end_at >= kLocatorSize && std::string_view(tail).substr(end_at - kLocatorSize, 4) == "PK\x06\x07") {
    const auto end64 = read(little(tail, end_at - kLocatorSize + 8, 8), kEnd64Size);
    if (!end64.starts_with("PK\x06\x06")) refuse("its ZIP64 directory is damaged");
    count = little(end64, 32, 8);
    directory_size = little(end64, 40, 8);
    directory_ = little(end64, 48, 8);
  }
  if (count > kMostEntries) refuse(fmt::format("it has more than {} entries", kMostEntries));
  if (directory_size > kLargestDirectory) refuse("its directory is larger than any real one");
  if (directory_ > size_ || directory_size > size_ - directory_) refuse("it is a truncated ZIP archive");
  std::string window;
  std::size_t at = 0;
  std::uint64_t left = directory_size;
  std::uint64_t from = directory_;
  // The next bytes of the directory, in the window.
  const auto need = [&](std::size_t size) {
    if (window.size() - at >= size) return;
    window.erase(0, at);
    at = 0;
    const auto more = std::min<std::uint64_t>(left, std::max(kDirectoryWindow, size));
    window += read(from, more);
    from += more;
    left -= more;
    if (window.size() < size) refuse("its directory is damaged");
  };
  for (std::uint64_t i = 0; i < count; ++i) {
    need(kCentralSize);
    const auto head = std::string_view(window).substr(at, kCentralSize);
    if (!head.starts_with("PK\x01\x02")) refuse("its directory is damaged");
    const auto name_size = static_cast<std::size_t>(little(head, 28, 2));
    const auto extra_size = static_cast<std::size_t>(little(head, 30, 2));
    const auto comment_size = static_cast<std::size_t>(little(head, 32, 2));
    ZipEntry entry;
    const auto flags = little(head, 8, 2);
    entry.method = static_cast<std::uint16_t>(little(head, 10, 2));
    entry.crc = static_cast<std::uint32_t>(little(head, 16, 4));
    entry.packed_size = little(head, 20, 4);
    entry.size = little(head, 24, 4);
    entry.offset = little(head, 42, 4);
    need(kCentralSize + name_size + extra_size + comment_size);
    entry.name = window.substr(at + kCentralSize, name_size);
    take_zip64(std::string_view(window).substr(at + kCentralSize + name_size, extra_size), entry);
    at += kCentralSize + name_size + extra_size + comment_size;
    if (entry.name.size() > kLongestEntryName) refuse("an entry's name is longer than any real one");
    if (leaves_folder(entry.name)) refuse(fmt::format("the path {} leaves the archive", printable(entry.name)));
    if (entry.name.ends_with('/')) continue;
    if ((flags & 1U) != 0) refuse(fmt::format("{} is encrypted", printable(entry.name)));
    entries_.push_back(std::move(entry));
  }
}

// Small archives that unpack to very much give the same bytes to many entries.
void ZipFile::refuse_overlaps() const {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> places;
  places.reserve(entries_.size());
  for (const auto& entry : entries_) {
    if (entry.offset > directory_ || entry.packed_size > directory_ - entry.offset) {
      refuse(fmt::format("{} lies outside of it", printable(entry.name)));
    }
    places.emplace_back(entry.offset, entry.offset + kLocalSize + entry.name.size() + entry.packed_size);
  }
  std::sort(places.begin(), places.end());
  for (std::size_t i = 1; i < places.size(); ++i) {
    if (places[i].first < places[i - 1].second) refuse("its entries lie over each other");
  }
}

std::unique_ptr<Source> ZipFile::open(const ZipEntry& entry) const {
  const auto subject = subject_ + ": " + printable(entry.name);
  const auto head = read(entry.offset, kLocalSize);
  if (!head.starts_with("PK\x03\x04")) refuse(fmt::format("{} is not where the directory says", printable(entry.name)));
  const auto from = entry.offset + kLocalSize + little(head, 26, 2) + little(head, 28, 2);
  if (from > size_ || entry.packed_size > size_ - from) refuse("it is a truncated ZIP archive");
  std::vector<std::unique_ptr<Source>> parts;
  auto data = std::make_unique<FileSliceSource>(fd_, from, entry.packed_size, subject);
  if (entry.method == 0) return std::make_unique<ExactSource>(std::move(data), entry.size, subject);
  constexpr std::uint16_t kDeflate = 8;
  if (entry.method != kDeflate) {
    throw Error(ErrorCode::unsupported, fmt::format("cannot read {}: ZIP method {}", subject, entry.method),
                "only stored and deflated entries can be read");
  }
  // A member of gzip around the same data: its reader checks CRC-32 and size (RFC 1952).
  using namespace std::string_literals;
  parts.push_back(std::make_unique<StringSource>("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"s));
  parts.push_back(std::move(data));
  parts.push_back(std::make_unique<StringSource>(little_bytes(entry.crc, 4) + little_bytes(entry.size, 4)));
  auto unpacked = make_decompressor(std::make_unique<SourceChain>(std::move(parts)), subject);
  return std::make_unique<ExactSource>(std::move(unpacked), entry.size, subject);
}

}  // namespace ociassemble
