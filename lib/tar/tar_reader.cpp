// SPDX-License-Identifier: Apache-2.0
#include "tar/tar_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "base/base64.hpp"
#include "ociassemble/error.hpp"
#include "tar/pax_header.hpp"
#include "tar/sparse_map.hpp"
#include "tar/tar_header.hpp"
#include "tar/tar_input.hpp"
#include "tar/tar_numbers.hpp"
#include "tar/tar_path.hpp"

namespace ociassemble {
namespace {

// As Go's archive/tar, which container engines read layers with.
constexpr std::uint64_t kLargestExtension = std::uint64_t{1} << 20U;

std::string_view until_nul(std::string_view field) { return field.substr(0, field.find('\0')); }

bool is_zero(std::string_view block) { return block.find_first_not_of('\0') == std::string_view::npos; }

// Of the name's field, and of the prefix that POSIX and star have for longer ones; GNU has other things there.
std::string path_of_header(std::string_view block) {
  std::string name(until_nul(block.substr(0, 100)));
  if (block.substr(257, 6) != std::string_view("ustar\0", 6)) return name;
  const bool is_star = block.substr(508, 4) == std::string_view("tar\0", 4);
  const auto prefix = until_nul(block.substr(345, is_star ? 131 : 155));
  return prefix.empty() ? name : fmt::format("{}/{}", prefix, name);
}

// "%2F" and the like, as libarchive writes the names of attributes.
std::string decode_percents(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool has_two = text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    decoded += has_two ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
    if (has_two) i += 2;
  }
  return decoded;
}

}  // namespace

struct TarReader::State {
  State(Source& from, std::string name) : subject(std::move(name)), input(from), data(*this) {}

  // What the blocks before an entry's header say of it.
  struct Extensions {
    PaxHeader pax;
    std::string long_name;
    std::string long_link;
    bool any = false;
  };

  // The data of the current entry, its holes filled with zeros.
  class Data : public Source {
   public:
    explicit Data(State& state) : state_(state) {}
    std::size_t read(std::span<std::byte> buffer) override;
    void start(SparseMap map);

   private:
    std::size_t give_zeros(std::span<std::byte> buffer, std::uint64_t count);

    State& state_;
    SparseMap map_;
    std::size_t chunk_ = 0;
    std::uint64_t position_ = 0;
  };

  std::optional<TarEntry> next();
  void skip_data();
  std::string_view read_header();
  bool take_extension(char type, std::string_view block);
  std::string read_extension(std::uint64_t size);
  TarEntry to_entry(char type, std::string_view block);
  EntryType type_of(char flag) const;
  std::uint64_t stored_size(char flag, EntryType type, std::string_view block);
  bool hard_link_has_data();
  void take_sparse_map(TarEntry& entry, char flag, std::string_view block);
  void take_numbers(TarEntry& entry, std::string_view block) const;
  void take_link(TarEntry& entry, std::string_view block) const;
  void take_device(TarEntry& entry, std::string_view block) const;
  void take_xattrs(TarEntry& entry) const;
  std::string text(const std::string& gnu, std::string_view keyword, std::string header) const;
  std::uint64_t number(std::string_view keyword, std::string_view field, std::string_view what) const;

  [[noreturn]] void fail_in_archive(std::string_view cause) const;
  [[noreturn]] void fail_in_entry(ErrorCode code, std::string_view cause) const;

  std::string subject;
  TarInput input;
  Extensions extensions;
  std::string raw_path;      // of the current entry, for messages
  std::uint64_t stored = 0;  // of its data, not yet read
  std::size_t padding = 0;   // after it
  Data data;
  bool finished = false;
  bool lacks_padding = false;
};

TarReader::TarReader(Source& from, std::string subject) : state_(std::make_unique<State>(from, std::move(subject))) {}
TarReader::~TarReader() = default;

Source& TarReader::data() { return state_->data; }

std::optional<TarEntry> TarReader::next() { return state_->next(); }

bool TarReader::lacks_padding() const noexcept { return state_->lacks_padding; }

std::optional<TarEntry> TarReader::State::next() {
  if (finished) return {};
  skip_data();
  for (;;) {
    const std::string block(read_header());
    if (block.empty()) {
      // Whatever follows the end mark is read, so that a digest over the source covers every byte.
      input.drain();
      finished = true;
      return {};
    }
    const auto type = tar_typeflag(block);
    if (!type) fail_in_archive("a header is damaged");
    if (take_extension(*type, block)) continue;
    auto entry = to_entry(*type, block);
    extensions = {};
    return entry;
  }
}

void TarReader::State::skip_data() {
  data.start({});
  if (input.skip(stored) != stored) fail_in_archive("it is truncated");
  // The data is whole without the zeros behind it.
  lacks_padding = input.skip(padding) != padding;
  stored = padding = 0;
}

// Empty at the end of the archive.
std::string_view TarReader::State::read_header() {
  const auto block = input.take(kTarBlockSize);
  if (!block.empty() && block.size() != kTarBlockSize) fail_in_archive("it is truncated");
  if (!is_zero(block)) return block;
  if (extensions.any) fail_in_archive("nothing follows an extended header");
  // Go's archive/tar, by which container engines unpack, ends at two blocks of zeros, or at one and the end.
  const auto following = input.peek(kTarBlockSize);
  if (following.size() == kTarBlockSize && !is_zero(following))
    fail_in_archive("a lone block of zeros is in it, where container engines give up");
  return {};
}

// Whether the header is not an entry's own.
bool TarReader::State::take_extension(char type, std::string_view block) {
  if (std::string_view("xXgLKVA").find(type) == std::string_view::npos) return false;
  const auto size = tar_number(block.substr(124, 12));
  if (!size || *size < 0) fail_in_archive("a header is damaged");
  auto body = read_extension(static_cast<std::uint64_t>(*size));
  try {
    // Of two in a row the last counts, as in Go. One for all entries ('g') engines pass over.
    if (type == 'x' || type == 'X') extensions.pax = PaxHeader(body);
  } catch (const Error& error) {
    fail_in_archive(error.what());
  }
  if (type == 'L') extensions.long_name = until_nul(body);
  if (type == 'K') extensions.long_link = until_nul(body);
  extensions.any = extensions.any || type == 'x' || type == 'X' || type == 'L' || type == 'K';
  return true;
}

std::string TarReader::State::read_extension(std::uint64_t size) {
  if (size > kLargestExtension) fail_in_archive("an extended header is over 1 MiB");
  std::string body;
  while (body.size() < size) {
    const auto part = input.take(std::min(kTarBlockSize, static_cast<std::size_t>(size) - body.size()));
    if (part.empty()) fail_in_archive("it is truncated");
    body += part;
  }
  if (input.skip(tar_padding(size)) != tar_padding(size)) fail_in_archive("it is truncated");
  return body;
}

TarEntry TarReader::State::to_entry(char flag, std::string_view block) {
  raw_path = text(extensions.long_name, "path", path_of_header(block));
  TarEntry entry;
  entry.type = type_of(flag);
  stored = stored_size(flag, entry.type, block);
  padding = tar_padding(stored);
  take_sparse_map(entry, flag, block);  // which may have another name
  const auto path = normalise_tar_path(raw_path);
  if (!path) fail_in_entry(ErrorCode::corrupt, "its path climbs with \"..\"");
  entry.path = *path;
  if (entry.path.empty() && entry.type != EntryType::directory) {
    fail_in_entry(ErrorCode::corrupt, "only a directory can be the root");
  }
  take_numbers(entry, block);
  take_link(entry, block);
  take_device(entry, block);
  take_xattrs(entry);
  return entry;
}

EntryType TarReader::State::type_of(char flag) const {
  switch (flag) {
    case '\0':
    case '0':
    case '7':  // contiguous
    case 'S':  // sparse
      // Archives older than POSIX mark directories by their name alone.
      return !raw_path.empty() && raw_path.back() == '/' ? EntryType::directory : EntryType::regular;
    case '1':
      return EntryType::hard_link;
    case '2':
      return EntryType::symlink;
    case '3':
      return EntryType::character_device;
    case '4':
      return EntryType::block_device;
    case '5':
    case 'D':  // GNU: a directory with a list of its names as data
      return EntryType::directory;
    case '6':
      return EntryType::fifo;
    default:  // any byte
      fail_in_entry(ErrorCode::unsupported,
                    fmt::format("its type '{}' is nothing a layer can hold", tar_name_for_message({&flag, 1})));
  }
}

// What follows the header. Links, devices and directories have a size in some archives, and no data.
std::uint64_t TarReader::State::stored_size(char flag, EntryType type, std::string_view block) {
  const bool may_have_data = type == EntryType::regular || type == EntryType::hard_link || flag == 'D' || flag == '0' ||
                             flag == '\0' || flag == '7';
  if (!may_have_data) return 0;
  const auto size = number("size", block.substr(124, 12), "size");
  if (type == EntryType::hard_link && size != 0 && !hard_link_has_data()) return 0;
  return size;
}

// pax archives may repeat the file's data with each of its names; in others the size is the file's, and nothing
// follows.
bool TarReader::State::hard_link_has_data() {
  if (!extensions.pax.empty()) return true;
  const auto following = input.peek(kTarBlockSize);
  return following.size() == kTarBlockSize && !is_zero(following) && !tar_typeflag(following);
}

void TarReader::State::take_sparse_map(TarEntry& entry, char flag, std::string_view block) {
  if (entry.type != EntryType::regular) return;
  std::optional<SparseMap> map;
  try {
    map = flag == 'S' ? std::optional(read_gnu_sparse_map(block, input))
                      : read_pax_sparse_map(extensions.pax, stored, input);
  } catch (const Error& error) {
    fail_in_archive(error.what());
  }
  if (!map) {
    map = SparseMap{{{0, stored}}, stored};
  } else if (map->stored() != stored) {
    fail_in_entry(ErrorCode::corrupt, "its sparse map contradicts its size");
  } else if (const auto name = extensions.pax.find("GNU.sparse.name"); !name.empty()) {
    raw_path = name;
  }
  entry.size = map->file_size;
  data.start(std::move(*map));
}

void TarReader::State::take_numbers(TarEntry& entry, std::string_view block) const {
  // As it is in the header: an access control list in a pax record is for those who know it, and changes no mode.
  entry.mode = static_cast<std::uint32_t>(tar_number(block.substr(100, 8)).value_or(0) & 07777);
  entry.uid = number("uid", block.substr(108, 8), "owner");
  entry.gid = number("gid", block.substr(116, 8), "group");
  const auto record = extensions.pax.find("mtime");
  const auto mtime = record.empty() ? tar_number(block.substr(136, 12)) : pax_seconds(record);
  if (!mtime) fail_in_entry(ErrorCode::corrupt, "its time is no number");
  entry.mtime = *mtime;
}

void TarReader::State::take_link(TarEntry& entry, std::string_view block) const {
  if (entry.type != EntryType::hard_link && entry.type != EntryType::symlink) return;
  entry.link_target = text(extensions.long_link, "linkpath", std::string(until_nul(block.substr(157, 100))));
  if (entry.type == EntryType::symlink) {
    if (entry.link_target.empty()) fail_in_entry(ErrorCode::corrupt, "it is a symlink to nothing");
    return;
  }
  auto path = normalise_tar_path(entry.link_target);
  if (!path) fail_in_entry(ErrorCode::corrupt, "its hard link target climbs with \"..\"");
  if (path->empty()) fail_in_entry(ErrorCode::corrupt, "it is a hard link to nothing");
  entry.link_target = std::move(*path);
}

void TarReader::State::take_device(TarEntry& entry, std::string_view block) const {
  if (entry.type != EntryType::character_device && entry.type != EntryType::block_device) return;
  const auto major = number("SCHILY.devmajor", block.substr(329, 8), "device number");
  const auto minor = number("SCHILY.devminor", block.substr(337, 8), "device number");
  if (std::max(major, minor) > std::numeric_limits<std::uint32_t>::max()) {
    fail_in_entry(ErrorCode::corrupt, "its device number is out of range");
  }
  entry.device_major = static_cast<std::uint32_t>(major);
  entry.device_minor = static_cast<std::uint32_t>(minor);
}

// The last record of an attribute counts, in whichever of the two spellings.
void TarReader::State::take_xattrs(TarEntry& entry) const {
  constexpr std::string_view kPlain = "SCHILY.xattr.", kEncoded = "LIBARCHIVE.xattr.";
  for (const auto& [keyword, value] : extensions.pax.all()) {
    if (keyword.starts_with(kPlain)) {
      entry.xattrs.insert_or_assign(keyword.substr(kPlain.size()), value);
    } else if (keyword.starts_with(kEncoded)) {
      auto bytes = decode_base64(value);
      if (!bytes) fail_in_entry(ErrorCode::corrupt, "an extended attribute is not base64");
      entry.xattrs.insert_or_assign(decode_percents(std::string_view(keyword).substr(kEncoded.size())),
                                    std::move(*bytes));
    }
  }
}

// GNU's long name counts before the pax record, and that before the header, as in Go.
std::string TarReader::State::text(const std::string& gnu, std::string_view keyword, std::string header) const {
  if (!gnu.empty()) return gnu;
  const auto record = extensions.pax.find(keyword);
  if (record.find('\0') != std::string_view::npos) fail_in_archive(fmt::format("a NUL in the pax record {}", keyword));
  return record.empty() ? std::move(header) : std::string(record);
}

std::uint64_t TarReader::State::number(std::string_view keyword, std::string_view field, std::string_view what) const {
  const auto record = extensions.pax.find(keyword);
  const auto value = record.empty() ? tar_number(field) : pax_number(record);
  if (!value) fail_in_entry(ErrorCode::corrupt, fmt::format("its {} is no number, or out of range", what));
  if (*value < 0) fail_in_entry(ErrorCode::corrupt, fmt::format("its {} is negative", what));
  return static_cast<std::uint64_t>(*value);
}

void TarReader::State::fail_in_archive(std::string_view cause) const {
  const auto place = raw_path.empty() ? "" : fmt::format(" at or after {}", tar_name_for_message(raw_path));
  throw Error(ErrorCode::corrupt, fmt::format("cannot read {}{}: {}", subject, place, cause));
}

void TarReader::State::fail_in_entry(ErrorCode code, std::string_view cause) const {
  throw Error(code, fmt::format("cannot read entry {} of {}: {}", tar_name_for_message(raw_path), subject, cause));
}

void TarReader::State::Data::start(SparseMap map) {
  map_ = std::move(map);
  chunk_ = 0;
  position_ = 0;
}

std::size_t TarReader::State::Data::read(std::span<std::byte> buffer) {
  if (buffer.empty()) return 0;
  while (chunk_ < map_.chunks.size() && position_ == map_.chunks[chunk_].offset + map_.chunks[chunk_].size) ++chunk_;
  if (chunk_ == map_.chunks.size()) return give_zeros(buffer, map_.file_size - position_);
  const auto& chunk = map_.chunks[chunk_];
  if (position_ < chunk.offset) return give_zeros(buffer, chunk.offset - position_);
  const auto left = chunk.offset + chunk.size - position_;
  const auto count =
      state_.input.read(buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left))));
  if (count == 0) state_.fail_in_archive("it is truncated");
  position_ += count;
  state_.stored -= count;
  return count;
}

std::size_t TarReader::State::Data::give_zeros(std::span<std::byte> buffer, std::uint64_t count) {
  const auto given = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), count));
  std::fill_n(buffer.begin(), given, std::byte{0});
  position_ += given;
  return given;
}

}  // namespace ociassemble
