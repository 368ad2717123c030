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
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/file_identity.hpp"
#include "base/system_error.hpp"
#include "inputs/folder_walk.hpp"
#include "inputs/input_file.hpp"
#include "io/input_access.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

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

TarEntry make_entry(std::string path, const MemberStatus& status, EntryType type, std::int64_t mtime) {
  TarEntry entry;
  entry.path = std::move(path);
  entry.type = type;
  entry.mode = status.mode & 07777U;
  entry.uid = status.uid;
  entry.gid = status.gid;
  entry.mtime = mtime;
  return entry;
}

// What the files of a folder have in common.
struct Surroundings {
  std::string folder;  // ends with a '/', or is empty
  std::uint64_t device;
  bool keeps_ctime;
  std::string mount;

  static Surroundings of(std::string folder, const FileIdentity& file) {
    return {std::move(folder), file.device, file.keeps_ctime, file.mount};
  }
  bool are_of(std::string_view other_folder, const FileIdentity& file) const {
    return folder == other_folder && device == file.device && keeps_ctime == file.keeps_ctime && mount == file.mount;
  }
};

// A file that is read when its turn comes, as it was when it was found. There may be a million: each keeps its name and
// the numbers that are its own.
class NamedFile : public EntryBytes {
 public:
  NamedFile(std::shared_ptr<const Surroundings> around, std::string name, const FileIdentity& identity)
      : around_(std::move(around)),
        name_(std::move(name)),
        inode_(identity.inode),
        size_(identity.size),
        mtime_(identity.mtime),
        ctime_(identity.ctime),
        seen_(identity.seen) {}

  std::unique_ptr<Source> open() const override {
    auto input = std::make_unique<InputFile>(around_->folder + name_, identity());
    if (input->may_be_written()) may_be_written_ = true;
    return input;
  }
  std::optional<FileIdentity> file() const override { return identity(); }
  bool may_be_written() const noexcept override { return may_be_written_; }

 private:
  FileIdentity identity() const {
    return {.device = around_->device,
            .inode = inode_,
            .size = size_,
            .mtime = mtime_,
            .ctime = ctime_,
            .keeps_ctime = around_->keeps_ctime,
            .mount = around_->mount,
            .seen = seen_};
  }

  const std::shared_ptr<const Surroundings> around_;
  const std::string name_;
  const std::uint64_t inode_;
  const std::uint64_t size_;
  const std::int64_t mtime_;
  const std::int64_t ctime_;
  const std::int64_t seen_;
  mutable std::atomic<bool> may_be_written_ = false;
};

LayerEntry regular_entry(std::shared_ptr<const Surroundings> around, std::string name, std::string path,
                         const MemberStatus& status, std::int64_t mtime) {
  LayerEntry made{make_entry(std::move(path), status, EntryType::regular, mtime), {}};
  made.entry.size = status.identity.size;
  made.bytes = std::make_shared<NamedFile>(std::move(around), std::move(name), status.identity);
  return made;
}

std::string link_target(int folder, const std::string& name, const std::string& link) {
  std::string target(256, '\0');
  for (;;) {
    const auto size = ::readlinkat(folder, name.c_str(), target.data(), target.size());
    if (size < 0) throw_errno(fmt::format("cannot read {}", link));
    if (static_cast<std::size_t>(size) < target.size()) {
      target.resize(static_cast<std::size_t>(size));
      return target;
    }
    target.resize(target.size() * 2);
  }
}

// What lies below a folder, a folder before its members.
class FolderReader {
 public:
  FolderReader(const fs::path& folder, std::int64_t mtime, const FolderIgnore& ignore,
               const std::function<void(LayerEntry)>& visit)
      : folder_(folder.native()), mtime_(mtime), ignore_(ignore), visit_(visit) {}

  void run() { read_into(folder_, "", 0); }

 private:
  // Deeper ones are opened again after what is below them, so that descriptors do not run out.
  static constexpr int kMostOpen = 64;

  void read_into(const std::string& folder, const std::string& prefix, int depth) {
    const auto beginning = folder.ends_with('/') ? folder : folder + '/';
    std::optional<InputFolder> opened(folder);
    auto names = opened->names();
    std::ranges::sort(names);  // the order of a layer, in which they are placed fastest
    for (const auto& name : names) {
      const auto file = beginning + name;
      if (!opened) opened.emplace(folder);
      add(*opened, name, file, prefix + name);
      if (!below_) continue;
      if (depth >= kMostOpen) opened.reset();
      read_below(*std::exchange(below_, std::nullopt), depth);
    }
  }

  struct Below {
    std::string folder;
    std::string path;
    bool excluded;
  };

  void add(const InputFolder& folder, const std::string& name, const std::string& file, std::string path) {
    const auto decision = ignore_.decide(path);
    if (decision.excluded && !decision.may_include_below) return;
    const auto status = look_.at(folder.fd(), name, file);
    const bool is_folder = S_ISDIR(status.mode);
    if (decision.excluded && !is_folder) return;
    if (is_folder) below_ = Below{file, path, decision.excluded};
    waiting_.push_back(member(folder, name, file, std::move(path), status));
    if (!decision.excluded) visit_waiting();
  }

  LayerEntry member(const InputFolder& folder, const std::string& name, const std::string& file, std::string path,
                    const MemberStatus& status) {
    if (S_ISREG(status.mode)) {
      const auto beginning = std::string_view(file).substr(0, file.size() - name.size());
      if (!around_ || !around_->are_of(beginning, status.identity))
        around_ = std::make_shared<Surroundings>(Surroundings::of(std::string(beginning), status.identity));
      return regular_entry(around_, name, std::move(path), status, mtime_);
    }
    if (S_ISDIR(status.mode)) return {make_entry(std::move(path), status, EntryType::directory, mtime_), {}};
    if (!S_ISLNK(status.mode)) reject_special(file, status.mode);
    LayerEntry link{make_entry(std::move(path), status, EntryType::symlink, mtime_), {}};
    link.entry.mode = 0777;
    link.entry.link_target = link_target(folder.fd(), name, file);
    return link;
  }

  void read_below(const Below& below, int depth) {
    const auto count = waiting_.size();
    read_into(below.folder, below.path + "/", depth + 1);
    // Nothing below it is in.
    if (below.excluded && waiting_.size() == count) waiting_.pop_back();
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
  MemberLook look_;
  std::shared_ptr<const Surroundings> around_;  // of the latest file
  std::vector<LayerEntry> waiting_;
  std::optional<Below> below_;  // a folder that was added just now
};

}  // namespace

void walk_folder(const fs::path& folder, std::int64_t mtime, const FolderIgnore& ignore,
                 const std::function<void(LayerEntry)>& visit) {
  FolderWalk([&](const FolderWalk::Visit& found) { FolderReader(folder, mtime, ignore, found).run(); }).run(visit);
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
  const auto status = MemberLook().at(AT_FDCWD, file.native(), file.native(), MemberLook::Links::followed);
  if (!S_ISREG(status.mode)) reject_special(file.native(), status.mode);
  const auto& text = file.native();
  const auto name = text.rfind('/') + 1;  // 0 where there is no folder
  auto around = std::make_shared<Surroundings>(Surroundings::of(text.substr(0, name), status.identity));
  return regular_entry(std::move(around), text.substr(name), std::move(path), status, mtime);
}

}  // namespace ociassemble
