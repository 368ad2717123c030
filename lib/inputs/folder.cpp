// SPDX-License-Identifier: Apache-2.0
#include "inputs/folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <memory>
#include <string_view>

#include "base/system_error.hpp"
#include "inputs/input_file.hpp"
#include "io/input_access.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

struct stat file_status(const std::string& path, int flags) {
  struct stat status {};
  if (::fstatat(AT_FDCWD, path.c_str(), &status, flags) != 0) throw_errno(fmt::format("cannot read {}", path));
  return status;
}

[[noreturn]] void reject_special(const std::string& path, mode_t mode) {
  std::string_view kind = "of an unknown kind";
  if (S_ISBLK(mode) || S_ISCHR(mode)) kind = "a device";
  if (S_ISFIFO(mode)) kind = "a fifo";
  if (S_ISSOCK(mode)) kind = "a socket";
  if (S_ISDIR(mode)) kind = "a folder";
  throw Error(ErrorCode::unsupported, fmt::format("cannot add {}: it is {}", path, kind),
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

// What an entry of a regular file needs to be read, in one piece of memory.
struct NamedFile {
  std::string path;  // as text: a path object keeps every component apart, in several times the memory
  FileIdentity identity;
  std::atomic<bool> may_be_written = false;

  std::unique_ptr<Source> open() {
    auto input = std::make_unique<InputFile>(path, identity);
    if (input->may_be_written()) may_be_written = true;
    return input;
  }
};

LayerEntry regular_entry(const std::string& file, std::string path, const struct stat& status, std::int64_t mtime) {
  const auto identity = FileIdentity::of(file);
  if (!identity || identity->device != status.st_dev || identity->inode != status.st_ino) throw_changed(file);
  const auto named = std::make_shared<NamedFile>();
  named->path = file;
  named->identity = *identity;
  LayerEntry made{
      make_entry(std::move(path), status, EntryType::regular, mtime), [named] { return named->open(); }, {}, {}};
  made.entry.size = identity->size;
  made.file = {named, &named->identity};
  made.may_be_written = {named, &named->may_be_written};
  return made;
}

std::string link_target(const std::string& link, const struct stat& status) {
  std::string target(static_cast<std::size_t>(std::max<off_t>(status.st_size, 255)) + 1, '\0');
  for (;;) {
    const auto size = ::readlink(link.c_str(), target.data(), target.size());
    if (size < 0) throw_errno(fmt::format("cannot read {}", link));
    if (static_cast<std::size_t>(size) < target.size()) {
      target.resize(static_cast<std::size_t>(size));
      return target;
    }
    target.resize(target.size() * 2);  // it has changed, or the file system does not say
  }
}

LayerEntry folder_member(const std::string& file, std::string path, std::int64_t mtime) {
  const auto status = file_status(file, AT_SYMLINK_NOFOLLOW);
  if (S_ISREG(status.st_mode)) return regular_entry(file, std::move(path), status, mtime);
  if (S_ISDIR(status.st_mode)) return {make_entry(std::move(path), status, EntryType::directory, mtime), {}, {}, {}};
  if (!S_ISLNK(status.st_mode)) reject_special(file, status.st_mode);
  LayerEntry link{make_entry(std::move(path), status, EntryType::symlink, mtime), {}, {}, {}};
  link.entry.mode = 0777;
  link.entry.link_target = link_target(file, status);
  return link;
}

class FolderReader {
 public:
  FolderReader(const fs::path& folder, std::int64_t mtime, const FolderIgnore& ignore,
               const std::function<void(LayerEntry)>& visit)
      : folder_(folder.native()), mtime_(mtime), ignore_(ignore), visit_(visit) {}

  void run() { read_into(folder_, ""); }

 private:
  void read_into(const std::string& folder, const std::string& prefix) {
    const auto* slash = folder.ends_with('/') ? "" : "/";
    for (const auto& name : list_folder(folder)) {
      std::string file = folder;
      file += slash;
      file += name;
      add(file, prefix + name);
    }
  }

  void add(const std::string& file, const std::string& path) {
    const auto decision = ignore_.decide(path);
    if (decision.excluded && !decision.may_include_below) return;
    if (decision.excluded && !S_ISDIR(file_status(file, AT_SYMLINK_NOFOLLOW).st_mode)) return;
    auto member = folder_member(file, path, mtime_);
    const bool is_folder = member.entry.type == EntryType::directory;
    waiting_.push_back(std::move(member));
    if (!decision.excluded) visit_waiting();
    if (!is_folder) return;
    const auto count = waiting_.size();
    read_into(file, path + "/");
    // Nothing below it is in.
    if (decision.excluded && waiting_.size() == count) waiting_.pop_back();
  }

  // The folders that are in for what is below them, and what that is.
  void visit_waiting() {
    for (auto& entry : waiting_) visit_(std::move(entry));
    waiting_.clear();
  }

  const std::string folder_;
  const std::int64_t mtime_;
  const FolderIgnore& ignore_;
  const std::function<void(LayerEntry)>& visit_;
  std::vector<LayerEntry> waiting_;
};

}  // namespace

void walk_folder(const fs::path& folder, std::int64_t mtime, const FolderIgnore& ignore,
                 const std::function<void(LayerEntry)>& visit) {
  FolderReader(folder, mtime, ignore, visit).run();
}

std::vector<LayerEntry> read_folder(const fs::path& folder, std::int64_t mtime, const FolderIgnore& ignore) {
  std::vector<LayerEntry> entries;
  walk_folder(folder, mtime, ignore, [&](LayerEntry entry) { entries.push_back(std::move(entry)); });
  return entries;
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
  const auto status = file_status(file.native(), 0);
  if (!S_ISREG(status.st_mode)) reject_special(file.native(), status.st_mode);
  return regular_entry(file.native(), std::move(path), status, mtime);
}

}  // namespace ociassemble
