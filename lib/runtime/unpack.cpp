// SPDX-License-Identifier: Apache-2.0
#include "runtime/unpack.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/stop.hpp"
#include "base/system_error.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "image/layer_reader.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 30U;
constexpr std::uint32_t kSetId = 06000;
constexpr std::uint32_t kEverybody = 01777;
constexpr const char* kCapability = "security.capability";

[[noreturn]] void fail(const char* action, std::string_view path) {
  const int error = errno;
  throw_errno(fmt::format("cannot {} {} of the image", action, printable(path)), error);
}

// A folder below which paths are opened without leaving it and without following a link.
class Root {
 public:
  explicit Root(const fs::path& folder) : fd_(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) {
    if (!fd_) throw_errno("cannot open " + folder.string());
  }

  // The folder at a path; the one that was asked for last stays open. -1 where there is none.
  int folder(std::string_view path) {
    if (path == last_path_ && last_) return last_.get();
    open_how how{};
    how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    const std::string text = path.empty() ? "." : std::string(path);
    last_.reset(static_cast<int>(::syscall(SYS_openat2, fd_.get(), text.c_str(), &how, sizeof how)));
    last_path_ = path;
    if (!last_ && (errno == ENOSYS || errno == EPERM)) {
      throw Error(ErrorCode::unsupported, "cannot unpack an image here: the system has no openat2",
                  "it takes Linux 5.6 or later, and a sandbox that lets the call through");
    }
    return last_.get();
  }

 private:
  UniqueFd fd_;
  UniqueFd last_;
  std::string last_path_;
};

std::pair<std::string_view, std::string> split(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return {std::string_view(), std::string(path)};
  return {path.substr(0, slash), std::string(path.substr(slash + 1))};
}

class Unpacker {
 public:
  Unpacker(const Tree& tree, const fs::path& folder, const UnpackOptions& options, const std::stop_token& stop)
      : tree_(tree), options_(options), stop_(stop), root_(folder) {
    if (!options.lower.empty()) lower_.emplace(options.lower);
  }

  UnpackReport run(const Image& image, std::size_t layers) {
    std::string path;
    make_folder(tree_.root(), path);
    for (std::size_t i = lower_ ? options_.lower_layers : 0; i < layers; ++i) write_layer(image.layers()[i], i + 1);
    if (made_ != files_) write_missing(image);
    path.clear();
    if (options_.temporary_folder) make_temporary_folder();
    finish_folder(tree_.root(), path);
    return report_;
  }

 private:
  using Place = std::pair<std::uint32_t, std::uint32_t>;  // a layer, and an entry in it

  void each_child(const Tree::Node& folder, std::string& path, const std::function<void(const Tree::Node&)>& use) {
    const auto length = path.size();
    for (const auto& child : folder.children) {
      if (length != 0) path += '/';
      path += child.name;
      use(child.node);
      path.resize(length);
    }
  }

  // Folders and links are of the tree; files wait for their bytes, but for those that the lower root has.
  void make_folder(const Tree::Node& folder, std::string& path) {
    throw_if_stopped(stop_);
    each_child(folder, path, [&](const Tree::Node& node) {
      const auto [parent, name] = split(path);
      switch (node.type) {
        case EntryType::directory:
          if (::mkdirat(root_.folder(parent), name.c_str(), 0700) != 0) fail("make the folder", path);
          make_folder(node, path);
          break;
        case EntryType::symlink:
          if (::symlinkat(node.link_target().c_str(), root_.folder(parent), name.c_str()) != 0)
            fail("make the link", path);
          if (options_.set_owners && ::fchownat(root_.folder(parent), name.c_str(), owner(node.uid), owner(node.gid),
                                                AT_SYMLINK_NOFOLLOW) != 0)
            fail("set the owner of", path);
          break;
        case EntryType::regular:
          ++files_;
          share(node, parent, name);
          break;
        default:
          ++report_.devices;
      }
    });
  }

  static uid_t owner(std::uint64_t id) {
    if (id < 0xffffffffU) return static_cast<uid_t>(id);
    throw Error(ErrorCode::unsupported, fmt::format("cannot unpack the image: there is no owner {}", id));
  }

  std::uint32_t mode_of(const Tree::Node& node) const { return options_.keep_set_id ? node.mode : node.mode & ~kSetId; }

  // What cannot be shared is written later.
  void share(const Tree::Node& node, std::string_view parent, const std::string& name) {
    if (!lower_ || node.layer > options_.lower_layers || node.bytes_layer > options_.lower_layers) return;
    const int from = lower_->folder(parent);
    struct stat status {};
    if (from < 0 || ::fstatat(from, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    const bool is_same = S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) == node.size &&
                         (status.st_mode & 07777U) == mode_of(node) &&
                         (!options_.set_owners || (status.st_uid == node.uid && status.st_gid == node.gid));
    if (is_same) link(from, name, root_.folder(parent), name);
  }

  void write_layer(const Layer& layer, std::size_t number) {
    std::uint32_t entry = 0;
    for_each_entry(layer, stop_, [&](const ReadEntry& read) {
      const Place place{static_cast<std::uint32_t>(number), entry++};
      if (read.entry.type == EntryType::regular) {
        // Where it would land now; what landed elsewhere is found missing afterwards.
        const auto path = tree_.resolve_parent(read.entry.path);
        const auto* node = tree_.find(path);
        if (node != nullptr && is_at(*node, place)) write_file(path, *node, read);
      } else if (read.entry.type == EntryType::hard_link) {
        link_file(tree_.resolve_parent(read.entry.path), tree_.resolve_parent(read.entry.link_target));
      }
    });
  }

  static bool is_at(const Tree::Node& node, const Place& place) {
    return node.type == EntryType::regular && node.bytes_layer == place.first && node.bytes_entry == place.second;
  }

  // Two names of one file. Where either is something else by now, it is written as its own.
  void link_file(const std::string& path, const std::string& target) {
    const auto* node = tree_.find(path);
    const auto* other = tree_.find(target);
    if (node == nullptr || other == nullptr || path == target) return;
    if (other->type != EntryType::regular || !is_at(*node, {other->bytes_layer, other->bytes_entry})) return;
    const auto [from_parent, from_name] = split(target);
    const UniqueFd from(::dup(root_.folder(from_parent)));
    const auto [parent, name] = split(path);
    link(from.get(), from_name, root_.folder(parent), name);
  }

  // What could not be linked is found missing afterwards.
  void link(int from, const std::string& from_name, int to, const std::string& name) {
    if (::linkat(from, from_name.c_str(), to, name.c_str(), 0) == 0) ++made_;
  }

  void write_file(const std::string& path, const Tree::Node& node, const ReadEntry& read) {
    const auto [parent, name] = split(path);
    const int folder = root_.folder(parent);
    const UniqueFd file(::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    // A layer may have a path twice, the same bytes under one entry never.
    if (!file) fail("make the file", path);
    for (;;) {
      throw_if_stopped(stop_);
      const auto count = read_full(read.data, buffer_);
      write_bytes(file.get(), std::span<const std::byte>(buffer_).first(count), path);
      if (count < buffer_.size()) break;
    }
    set_metadata(file.get(), node, read.entry.mtime, path);
    ++made_;
  }

  void write_bytes(int fd, std::span<const std::byte> bytes, const std::string& path) {
    if (bytes.size() > kMostBytes - report_.bytes)
      throw Error(ErrorCode::unsupported, "cannot unpack the image: it holds more than 64 GiB");
    report_.bytes += bytes.size();
    while (!bytes.empty()) {
      const auto count = ::write(fd, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("write the file", path);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
  }

  void set_metadata(int fd, const Tree::Node& node, std::int64_t mtime, const std::string& path) {
    if (options_.set_owners && ::fchown(fd, owner(node.uid), owner(node.gid)) != 0) fail("set the owner of", path);
    if (::fchmod(fd, mode_of(node)) != 0) fail("set the mode of", path);
    if (mode_of(node) != node.mode) ++report_.set_id;
    const auto capability = node.xattrs().find(kCapability);
    if (options_.set_owners && capability != node.xattrs().end() &&
        ::fsetxattr(fd, kCapability, capability->second.data(), capability->second.size(), 0) != 0)
      fail("set the capabilities of", path);
    const std::array<timespec, 2> times{timespec{mtime, 0}, timespec{mtime, 0}};
    // A time that the file system cannot hold is no reason to fail.
    ::futimens(fd, times.data());
  }

  // Files that a later layer moved by hard links or changed links: their layers are read once more.
  void write_missing(const Image& image) {
    std::map<Place, std::vector<std::string>> missing;
    std::string path;
    find_missing(tree_.root(), path, missing);
    std::map<std::uint32_t, std::map<std::uint32_t, std::vector<std::string>>> by_layer;
    for (auto& [place, paths] : missing) by_layer[place.first].emplace(place.second, std::move(paths));
    for (const auto& one : by_layer) {
      if (one.first == 0) throw FileElsewhere(one.second.begin()->second.front());
      std::uint32_t entry = 0;
      for_each_entry(image.layers().at(one.first - 1), stop_, [&](const ReadEntry& read) {
        const auto found = one.second.find(entry++);
        if (found != one.second.end()) write_names(found->second, read);
      });
    }
  }

  void find_missing(const Tree::Node& folder, std::string& path, std::map<Place, std::vector<std::string>>& missing) {
    throw_if_stopped(stop_);
    each_child(folder, path, [&](const Tree::Node& node) {
      if (node.type == EntryType::directory) return find_missing(node, path, missing);
      if (node.type != EntryType::regular) return;
      const auto [parent, name] = split(path);
      struct stat status {};
      if (::fstatat(root_.folder(parent), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        missing[{node.bytes_layer, node.bytes_entry}].push_back(path);
    });
  }

  void write_names(const std::vector<std::string>& paths, const ReadEntry& read) {
    write_file(paths.front(), *tree_.find(paths.front()), read);
    const auto [from_parent, from_name] = split(paths.front());
    const UniqueFd from(::dup(root_.folder(from_parent)));
    for (std::size_t i = 1; i < paths.size(); ++i) {
      const auto [parent, name] = split(paths[i]);
      if (::linkat(from.get(), from_name.c_str(), root_.folder(parent), name.c_str(), 0) != 0)
        fail("make the link", paths[i]);
    }
  }

  // Before the root may forbid us to write to it. A link or a file that the image has there stays.
  void make_temporary_folder() {
    const int root = root_.folder("");
    if (::mkdirat(root, "tmp", 0700) != 0 && errno != EEXIST) fail("make the folder", "tmp");
    const int folder = root_.folder("tmp");
    if (folder >= 0 && tree_.find("tmp") == nullptr && ::fchmodat(root_.folder(""), "tmp", kEverybody, 0) != 0)
      fail("set the mode of", "tmp");
  }

  // Last, since a folder may forbid us to write to it.
  void finish_folder(const Tree::Node& folder, std::string& path) {
    each_child(folder, path, [&](const Tree::Node& node) {
      if (node.type == EntryType::directory) finish_folder(node, path);
    });
    const auto [parent, name] = path.empty() ? std::pair<std::string_view, std::string>{"", "."} : split(path);
    const int at = root_.folder(parent);
    if (options_.set_owners &&
        ::fchownat(at, name.c_str(), owner(folder.uid), owner(folder.gid), AT_SYMLINK_NOFOLLOW) != 0)
      fail("set the owner of", path);
    const auto mode = options_.temporary_folder && path == "tmp" ? kEverybody : mode_of(folder);
    if (::fchmodat(at, name.c_str(), mode, 0) != 0) fail("set the mode of", path);
  }

  const Tree& tree_;
  const UnpackOptions& options_;
  const std::stop_token& stop_;
  Root root_;
  std::optional<Root> lower_;
  UnpackReport report_;
  std::uint64_t files_ = 0;  // regular ones of the tree
  std::uint64_t made_ = 0;   // of them
  std::vector<std::byte> buffer_ = std::vector<std::byte>(kCopyBufferSize);
};

}  // namespace

FileElsewhere::FileElsewhere(const std::string& path)
    : Error(ErrorCode::corrupt, fmt::format("cannot unpack {} of the image: the kept files lack it", printable(path))) {
}

UnpackReport unpack(const Image& image, const Tree& tree, std::size_t layers, const fs::path& folder,
                    const UnpackOptions& options, const std::stop_token& stop) {
  return Unpacker(tree, folder, options, stop).run(image, layers);
}

}  // namespace ociassemble
