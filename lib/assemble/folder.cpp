// SPDX-License-Identifier: Apache-2.0
#include "assemble/folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "base/system_error.hpp"
#include "io/input_access.hpp"
#include "io/streams.hpp"
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
  LayerEntry made{make_entry(std::move(path), status, EntryType::regular, mtime), {}, FileIdentity::of(file), {}};
  made.entry.size = static_cast<std::uint64_t>(status.st_size);
  made.open = [file] { return std::make_unique<FileSource>(file); };
  return made;
}

LayerEntry folder_member(const fs::path& file, std::string path, std::int64_t mtime) {
  const auto status = file_status(file, AT_SYMLINK_NOFOLLOW);
  if (S_ISREG(status.st_mode)) return regular_entry(file, std::move(path), status, mtime);
  if (S_ISDIR(status.st_mode)) return {make_entry(std::move(path), status, EntryType::directory, mtime), {}, {}, {}};
  if (!S_ISLNK(status.st_mode)) reject_special(file, status.st_mode);
  LayerEntry link{make_entry(std::move(path), status, EntryType::symlink, mtime), {}, {}, {}};
  link.entry.mode = 0777;
  link.entry.link_target = fs::read_symlink(file).string();
  return link;
}

void read_into(std::vector<LayerEntry>& entries, const fs::path& folder, const std::string& prefix,
               std::int64_t mtime) {
  for (const auto& member : list_folder(folder)) {
    const auto path = prefix + member.filename().string();
    entries.push_back(folder_member(member, path, mtime));
    if (entries.back().entry.type == EntryType::directory) read_into(entries, member, path + "/", mtime);
  }
}

}  // namespace

std::vector<LayerEntry> read_folder(const fs::path& folder, std::int64_t mtime) {
  std::vector<LayerEntry> entries;
  read_into(entries, folder, "", mtime);
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
  const auto status = file_status(file, 0);
  if (!S_ISREG(status.st_mode)) reject_special(file, status.st_mode);
  return regular_entry(file, std::move(path), status, mtime);
}

}  // namespace ociassemble
