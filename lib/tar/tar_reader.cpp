// SPDX-License-Identifier: Apache-2.0
#include "tar/tar_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <new>
#include <string_view>
#include <utility>

#include "ociassemble/error.hpp"
#include "tar/archive_functions.hpp"
#include "tar/archive_input.hpp"
#include "tar/c_locale.hpp"
#include "tar/tar_header.hpp"
#include "tar/tar_path.hpp"

namespace ociassemble {
namespace {

struct FreeArchive {
  void operator()(struct archive* reader) const noexcept { libarchive().read_free(reader); }
};
using ArchiveHandle = std::unique_ptr<struct archive, FreeArchive>;

bool is_about_conversion(std::string_view message) {
  return message.find("can't be converted from") != std::string_view::npos;
}

}  // namespace

struct TarReader::State {
  State(Source& from, std::string name) : subject(std::move(name)), input(from), data(*this) {}

  // The data of the current entry; bytes that the archive does not have are holes.
  class Data : public Source {
   public:
    explicit Data(State& state) : state_(state) {}
    std::size_t read(std::span<std::byte> buffer) override;
    void start(std::uint64_t size);

   private:
    bool fetch();
    std::size_t give(std::span<std::byte> buffer);

    State& state_;
    std::uint64_t size_ = 0;
    std::uint64_t position_ = 0;
    std::uint64_t block_offset_ = 0;
    std::string_view block_;  // not yet given; libarchive's memory, until the next block
    bool ended_ = true;
  };

  void open();
  bool read_header();
  void finish();
  TarEntry to_entry();
  EntryType type_of(std::string_view name);
  void take_hard_link(TarEntry& entry);
  void take_symlink(TarEntry& entry);
  void take_device(TarEntry& entry);
  void take_numbers(TarEntry& entry);
  void take_xattrs(TarEntry& entry) const;
  std::uint64_t non_negative(std::int64_t value, std::string_view what);
  char typeflag();

  [[noreturn]] void fail_in_archive();
  [[noreturn]] void fail_in_entry(ErrorCode code, std::string_view cause);

  std::string subject;
  ArchiveInput input;
  ArchiveHandle archive;
  struct archive_entry* header = nullptr;  // libarchive's, until its next header
  std::string raw_path;                    // of the current entry, for messages
  Data data;
  bool finished = false;
};

TarReader::TarReader(Source& from, std::string subject) : state_(std::make_unique<State>(from, std::move(subject))) {}
TarReader::~TarReader() = default;

Source& TarReader::data() { return state_->data; }

std::optional<TarEntry> TarReader::next() {
  auto& state = *state_;
  state.data.start(0);
  if (state.finished) return {};
  if (!state.archive) {
    if (state.input.is_empty()) {
      state.finish();
      return {};
    }
    state.open();
  }
  if (!state.read_header()) {
    state.finish();
    return {};
  }
  auto entry = state.to_entry();
  if (entry.type == EntryType::regular) state.data.start(entry.size);
  return entry;
}

void TarReader::State::open() {
  archive.reset(libarchive().read_new());
  if (!archive) throw std::bad_alloc();
  const CLocale locale;
  if (libarchive().read_support_format_tar(archive.get()) != ARCHIVE_OK ||
      libarchive().read_open(archive.get(), &input, nullptr, ArchiveInput::read_callback, nullptr) != ARCHIVE_OK) {
    fail_in_archive();
  }
}

// Nothing of a warning is let through but libarchive's inability to convert names: the others mean that it dropped
// something (a malformed pax record, a negative size).
bool TarReader::State::read_header() {
  const CLocale locale;
  const int status = libarchive().read_next_header(archive.get(), &header);
  if (status == ARCHIVE_EOF) return false;
  if (status == ARCHIVE_OK) return true;
  const char* message = libarchive().error_string(archive.get());
  if (status == ARCHIVE_WARN && message != nullptr && is_about_conversion(message)) return true;
  fail_in_archive();
}

// Whatever follows the end mark is read, so that a digest over the source covers every byte.
void TarReader::State::finish() {
  input.rethrow();
  input.drain();
  finished = true;
}

TarEntry TarReader::State::to_entry() {
  const char* name = libarchive().entry_pathname(header);
  raw_path = name == nullptr ? "" : name;
  TarEntry entry;
  const auto path = normalise_tar_path(raw_path);
  if (!path) fail_in_entry(ErrorCode::corrupt, "its path climbs with \"..\"");
  entry.path = *path;
  entry.type = type_of(raw_path);
  if (entry.path.empty() && entry.type != EntryType::directory) {
    fail_in_entry(ErrorCode::corrupt, "only a directory can be the root");
  }
  take_numbers(entry);
  take_hard_link(entry);
  take_symlink(entry);
  take_device(entry);
  take_xattrs(entry);
  return entry;
}

// libarchive takes an unknown type for a regular file, and a regular file whose pax header names a link target for a
// hard link. So the type comes from the header block itself, which is the last thing that libarchive has consumed;
// only the map of a sparse file can lie between the two.
char TarReader::State::typeflag() {
  const auto consumed = libarchive().filter_bytes(archive.get(), 0);
  const auto block = input.bytes_before(static_cast<std::uint64_t>(consumed), kTarBlockSize);
  if (const auto flag = tar_typeflag(as_text(block))) return *flag;
  if (libarchive().entry_filetype(header) == AE_IFREG && libarchive().entry_hardlink(header) == nullptr) return 'S';
  fail_in_entry(ErrorCode::corrupt, "its header is not where it should be");
}

EntryType TarReader::State::type_of(std::string_view name) {
  const char flag = typeflag();
  switch (flag) {
    case '\0':
    case '0':
    case '7':  // contiguous
    case 'S':  // sparse
      // Archives older than POSIX mark directories by their name alone.
      return !name.empty() && name.back() == '/' ? EntryType::directory : EntryType::regular;
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

void TarReader::State::take_numbers(TarEntry& entry) {
  entry.mode = libarchive().entry_perm(header) & 07777U;
  entry.uid = non_negative(libarchive().entry_uid(header), "owner");
  entry.gid = non_negative(libarchive().entry_gid(header), "group");
  entry.mtime = libarchive().entry_mtime(header);
  // libarchive reads "-1.5" as -1 s and 0.5 s.
  if (entry.mtime < 0 && libarchive().entry_mtime_nsec(header) > 0) --entry.mtime;
  if (entry.type == EntryType::regular) entry.size = non_negative(libarchive().entry_size(header), "size");
}

void TarReader::State::take_hard_link(TarEntry& entry) {
  if (entry.type != EntryType::hard_link) return;
  const char* target = libarchive().entry_hardlink(header);
  const auto path = normalise_tar_path(target == nullptr ? "" : target);
  if (!path) fail_in_entry(ErrorCode::corrupt, "its hard link target climbs with \"..\"");
  if (path->empty()) fail_in_entry(ErrorCode::corrupt, "it is a hard link to nothing");
  entry.link_target = *path;
}

void TarReader::State::take_symlink(TarEntry& entry) {
  if (entry.type != EntryType::symlink) return;
  const char* target = libarchive().entry_symlink(header);
  if (target == nullptr || *target == '\0') fail_in_entry(ErrorCode::corrupt, "it is a symlink to nothing");
  entry.link_target = target;
}

void TarReader::State::take_device(TarEntry& entry) {
  if (entry.type != EntryType::character_device && entry.type != EntryType::block_device) return;
  const auto major = libarchive().entry_rdevmajor(header);
  const auto minor = libarchive().entry_rdevminor(header);
  if (std::max(major, minor) > std::numeric_limits<std::uint32_t>::max()) {
    fail_in_entry(ErrorCode::corrupt, "its device number is out of range");
  }
  entry.device_major = static_cast<std::uint32_t>(major);
  entry.device_minor = static_cast<std::uint32_t>(minor);
}

void TarReader::State::take_xattrs(TarEntry& entry) const {
  libarchive().entry_xattr_reset(header);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (libarchive().entry_xattr_next(header, &name, &value, &size) == ARCHIVE_OK) {
    // libarchive lists the newest first, and the last record of a keyword counts.
    if (name != nullptr) entry.xattrs.emplace(name, std::string(static_cast<const char*>(value), size));
  }
}

std::uint64_t TarReader::State::non_negative(std::int64_t value, std::string_view what) {
  if (value < 0) fail_in_entry(ErrorCode::corrupt, fmt::format("its {} is negative", what));
  return static_cast<std::uint64_t>(value);
}

void TarReader::State::fail_in_archive() {
  input.rethrow();
  if (libarchive().error_number(archive.get()) == ENOMEM) throw std::bad_alloc();
  const char* cause = libarchive().error_string(archive.get());
  const auto place = raw_path.empty() ? "" : fmt::format(" at or after {}", tar_name_for_message(raw_path));
  throw Error(ErrorCode::corrupt, fmt::format("cannot read {}{}: {}", subject, place,
                                              tar_name_for_message(cause == nullptr ? "damaged archive" : cause)));
}

void TarReader::State::fail_in_entry(ErrorCode code, std::string_view cause) {
  throw Error(code, fmt::format("cannot read entry {} of {}: {}", tar_name_for_message(raw_path), subject, cause));
}

void TarReader::State::Data::start(std::uint64_t size) {
  size_ = size;
  position_ = 0;
  block_offset_ = 0;
  block_ = {};
  ended_ = size == 0;
}

std::size_t TarReader::State::Data::read(std::span<std::byte> buffer) {
  if (buffer.empty()) return 0;
  while (block_.empty() && !ended_) {
    if (!fetch()) ended_ = true;
  }
  return give(buffer);
}

// The next block of the archive; false when there is none. Blocks come in the order of the file, within its size.
bool TarReader::State::Data::fetch() {
  const void* bytes = nullptr;
  std::size_t count = 0;
  la_int64_t offset = 0;
  const int status = libarchive().read_data_block(state_.archive.get(), &bytes, &count, &offset);
  if (status == ARCHIVE_EOF) return false;
  if (status != ARCHIVE_OK) state_.fail_in_archive();
  const auto start = state_.non_negative(offset, "offset in the sparse map");
  if (start < position_ || start > size_ || count > size_ - start) {
    state_.fail_in_entry(ErrorCode::corrupt, "its sparse map contradicts its size");
  }
  block_ = {static_cast<const char*>(bytes), count};
  block_offset_ = start;
  return true;
}

std::size_t TarReader::State::Data::give(std::span<std::byte> buffer) {
  const auto hole_end = block_.empty() ? size_ : block_offset_;
  if (position_ < hole_end) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), hole_end - position_));
    std::fill_n(buffer.begin(), count, std::byte{0});
    position_ += count;
    return count;
  }
  const auto count = std::min(buffer.size(), block_.size());
  if (count == 0) return 0;
  std::memcpy(buffer.data(), block_.data(), count);
  block_.remove_prefix(count);
  block_offset_ += count;
  position_ += count;
  return count;
}

}  // namespace ociassemble
