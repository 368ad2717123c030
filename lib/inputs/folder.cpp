// SPDX-License-Identifier: Apache-2.0
#include "inputs/folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <string_view>

#include "base/system_error.hpp"
#include "inputs/input_file.hpp"
#include "io/input_access.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

struct stat file_status(const fs::path& path, int flags) {
  struct stat status {};
  if (::fstatat(AT_FDCWD, path.c_str(), &status, flags) != 0) throw_errno(fmt::format("cannot read {}", path.string()));
  return status;
}

[[noreturn]] void reject_special(const fs::path& path, mode_t mode) {
  std::string_view kind = "of an unknown kind";
  if (S_ISBLK(mode) || S_ISCHR(mode)) kind = "a device";
  if (S_ISFIFO(mode)) kind = "a fifo";
  if (S_ISSOCK(mode)) kind = "a socket";
  if (S_ISDIR(mode)) kind = "a folder";
  throw Error(ErrorCode::unsupported, fmt::format("cannot add {}: it is {}", path.string(), kind),
              S_ISDIR(mode) ? "name a file"
                            : "only files, folders and symbolic links go into a layer; leave it out of the folder");
}

TarEntry make_entry(std::string path, const struct stat& status, EntryType type, std::int64_t mtime) {
  TarEntry entry;
  entry.path = std::move(path);
  entry.type = type;
  entry.mode = status.st_mode & 07777U;
  entry.uid = status.st_uid;
  entry.gid = status.st_gid;
  entry.mtime = mtime;
  return entry;
}

LayerEntry regular_entry(const fs::path& file, std::string path, const struct stat& status, std::int64_t mtime) {
  const auto identity = FileIdentity::of(file);
  if (!identity || identity->device != status.st_dev || identity->inode != status.st_ino) throw_changed(file);
  LayerEntry made{make_entry(std::move(path), status, EntryType::regular, mtime), {}, identity, {}};
  made.entry.size = identity->size;
  made.may_be_written = std::make_shared<std::atomic<bool>>(false);
  // As text: a path object keeps every component apart, in several times the memory.
  made.open = [file = file.native(), identity, may_be_written = made.may_be_written] {
    auto input = std::make_unique<InputFile>(file, identity);
    if (input->may_be_written()) *may_be_written = true;
    return input;
  };
  return made;
}

LayerEntry folder_member(const fs::path& file, std::string path, std::int64_t mtime) {
  const auto status = file_status(file, AT_SYMLINK_NOFOLLOW);
  if (S_ISREG(status.st_mode)) return regular_entry(file, std::move(path), status, mtime);
  if (S_ISDIR(status.st_mode)) return {make_entry(std::move(path), status, EntryType::directory, mtime), {}, {}, {}};
  if (!S_ISLNK(status.st_mode)) reject_special(file, status.st_mode);
  LayerEntry link{make_entry(std::move(path), status, EntryType::symlink, mtime), {}, {}, {}};
  link.entry.mode = 0777;
  std::error_code failure;
  link.entry.link_target = fs::read_symlink(file, failure).string();
  if (failure) throw_errno(fmt::format("cannot read {}", file.string()), failure.value());
  return link;
}

class FolderReader {
 public:
  FolderReader(const fs::path& folder, std::int64_t mtime, const FolderIgnore& ignore)
      : folder_(folder), mtime_(mtime), ignore_(ignore) {}

  std::vector<LayerEntry> run() {
    read_into(folder_, "");
    return std::move(entries_);
  }

 private:
  void read_into(const fs::path& folder, const std::string& prefix) {
    for (const auto& member : list_folder(folder)) add(member, prefix + member.filename().string());
  }

  void add(const fs::path& file, const std::string& path) {
    const auto decision = ignore_.decide(path);
    if (decision.excluded && !decision.may_include_below) return;
    if (decision.excluded && !S_ISDIR(file_status(file, AT_SYMLINK_NOFOLLOW).st_mode)) return;
    entries_.push_back(folder_member(file, path, mtime_));
    if (entries_.back().entry.type != EntryType::directory) return;
    const auto count = entries_.size();
    read_into(file, path + "/");
    if (decision.excluded && entries_.size() == count) entries_.pop_back();  // nothing below it is in
  }

  const fs::path& folder_;
  const std::int64_t mtime_;
  const FolderIgnore& ignore_;
  std::vector<LayerEntry> entries_;
};

}  // namespace

std::vector<LayerEntry> read_folder(const fs::path& folder, std::int64_t mtime, const FolderIgnore& ignore) {
  return FolderReader(folder, mtime, ignore).run();
}

std::vector<LayerEntry> read_rootfs_folder(const fs::path& folder, std::int64_t mtime) {
  constexpr const char* kCapability = "security.capability";
  auto entries = read_folder(folder, mtime);
  for (auto& made : entries) {
    auto& entry = made.entry;
    if (entry.type != EntryType::regular) continue;
    std::array<char, 64> value{};
    const auto size = ::lgetxattr((folder / entry.path).c_str(), kCapability, value.data(), value.size());
    if (size > 0) entry.xattrs[kCapability] = std::string(value.data(), static_cast<std::size_t>(size));
  }
  return entries;
}

LayerEntry read_regular_file(const fs::path& file, std::string path, std::int64_t mtime) {
  const auto status = file_status(file, 0);
  if (!S_ISREG(status.st_mode)) reject_special(file, status.st_mode);
  return regular_entry(file, std::move(path), status, mtime);
}

}  // namespace ociassemble
