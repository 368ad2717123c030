// SPDX-License-Identifier: Apache-2.0
#include "runtime/kept_roots.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/private_folder.hpp"
#include "base/system_error.hpp"
#include "base/trace.hpp"
#include "io/streams.hpp"
#include "ociassemble/digest.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLockEnding = ".lock";
constexpr std::string_view kOwnPrefix = "own-";

fs::path lock_of(const fs::path& place) { return place.string() + std::string(kLockEnding); }

// Locks the file of that name. Whoever removes it holds it exclusively, so that one which is still there is ours.
UniqueFd lock_file(const fs::path& file, int kind) {
  for (;;) {
    UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) throw_errno("cannot open " + file.string());
    while (::flock(fd.get(), kind) != 0) {
      if (errno != EINTR) throw_errno("cannot lock " + file.string());
    }
    struct stat held {};
    struct stat named {};
    if (::fstat(fd.get(), &held) == 0 && ::stat(file.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
        held.st_dev == named.st_dev)
      return fd;
  }
}

// Folders in it may forbid us to change them.
void remove_tree(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  if (!error) return;
  error.clear();
  fs::permissions(folder, fs::perms::owner_all, fs::perm_options::add, error);
  for (fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error), end;
       !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (at->is_directory(ignored) && !at->is_symlink(ignored))
      fs::permissions(at->path(), fs::perms::owner_all, fs::perm_options::add, ignored);
  }
  fs::remove_all(folder, error);
}

bool has_folder(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_directory(fs::symlink_status(folder, ignored));
}

void touch(const UniqueFd& lock) { ::futimens(lock.get(), nullptr); }

void keep_open_on_exec(const UniqueFd& fd) { ::fcntl(fd.get(), F_SETFD, 0); }

void note_size(const UniqueFd& lock, std::uint64_t bytes) {
  const auto text = std::to_string(bytes);
  // Without it the folder counts as empty: no more than a limit that comes late.
  if (::ftruncate(lock.get(), 0) == 0 && ::pwrite(lock.get(), text.data(), text.size(), 0) < 0) return;
}

struct Kept {
  fs::path place;
  std::uint64_t bytes = 0;
  fs::file_time_type used;
  bool is_own = false;
};

std::uint64_t noted_size(const fs::path& lock) {
  std::uint64_t bytes = 0;
  const auto text = read_file_if_exists(lock, 32).value_or("");
  std::from_chars(text.data(), text.data() + text.size(), bytes);
  return bytes;
}

void remove_unless_used(const fs::path& place) {
  const auto file = lock_of(place);
  const UniqueFd lock(::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return;
  remove_tree(place);
  remove_tree(place.string() + ".part");
  if (!has_folder(place)) ::unlink(file.c_str());
}

UnpackOptions options_for(bool keep_set_id) {
  UnpackOptions options;
  options.set_owners = ::geteuid() == 0;
  options.keep_set_id = keep_set_id;
  return options;
}

}  // namespace

KeptRoots::KeptRoots(fs::path folder, KeptRootLimits limits, RecordCache* trees)
    : folder_(std::move(folder)), limits_(limits), trees_(trees) {
  make_private_folders(folder_);
  if (const auto why = why_not_private(folder_)) {
    throw Error(ErrorCode::io, fmt::format("cannot unpack images in {}: {}", folder_.string(), *why),
                "name another folder: --cache-dir DIR");
  }
}

fs::path KeptRoots::place(const Image& image, std::size_t layers, bool keep_set_id,
                          const std::vector<std::string>& mounted_on) const {
  auto text = fmt::format("{} {} {}", chain_id(image, layers), ::geteuid() == 0, keep_set_id);
  for (const auto& path : mounted_on) text += "\n" + path;
  return folder_ / Digest::of(text).hex();
}

KeptRoot KeptRoots::shared(const Image& image, bool keep_set_id, const std::stop_token& stop,
                           const std::vector<std::string>& mounted_on) {
  const auto whole = place(image, image.layers().size(), keep_set_id, mounted_on);
  {
    KeptRoot root{.folder = whole, .lock = lock_file(lock_of(whole), LOCK_SH), .report = {}, .tree = Tree()};
    if (has_folder(whole)) {
      touch(root.lock);
      keep_open_on_exec(root.lock);
      root.tree = read_image_root(image, image.layers().size(), trees_, stop);
      return root;
    }
  }
  try {
    return make_shared(whole, image, keep_set_id, trees_, stop);
  } catch (const FileElsewhere&) {
    // The root below is gone, or has lost files: all layers are read.
    return make_shared(whole, image, keep_set_id, nullptr, stop);
  }
}

KeptRoot KeptRoots::make_shared(const fs::path& whole, const Image& image, bool keep_set_id, RecordCache* trees,
                                const std::stop_token& stop) {
  const auto count = image.layers().size();
  auto options = options_for(keep_set_id);
  options.temporary_folder = true;
  UniqueFd lower;
  const auto below = count > 1 ? count - 1 : 0;
  auto tree = read_image_root(image, below, trees, stop);
  if (below != 0) {
    auto kept = make(place(image, below, keep_set_id), image, below, tree, options, stop);
    options.lower = kept.folder;
    options.lower_layers = below;
    lower = std::move(kept.lock);
  }
  add_layers(tree, image, below, count, stop);
  auto root = make(whole, image, count, tree, options, stop);
  root.tree = std::move(tree);
  keep_open_on_exec(root.lock);
  prune(whole);
  return root;
}

KeptRoot KeptRoots::own(const Image& image, bool keep_set_id, const std::stop_token& stop) {
  prune({});
  auto tree = read_image_root(image, image.layers().size(), nullptr, stop);
  // The lock first: a folder without one would stay for ever.
  auto name = (folder_ / (std::string(kOwnPrefix) + "XXXXXX" + std::string(kLockEnding))).string();
  if (!UniqueFd(::mkostemps(name.data(), static_cast<int>(kLockEnding.size()), O_CLOEXEC)))
    throw_errno("cannot make a file in " + folder_.string());
  auto lock = lock_file(name, LOCK_SH);
  keep_open_on_exec(lock);
  const auto place = name.substr(0, name.size() - kLockEnding.size());
  if (::mkdir(place.c_str(), 0700) != 0) throw_errno("cannot make " + place);
  const auto report = unpack(image, tree, image.layers().size(), place, options_for(keep_set_id), stop);
  return {place, std::move(lock), report, std::move(tree)};
}

// Made beside its place by whoever holds the lock alone, then renamed. A lock that is shared afterwards is given up for
// a moment, in which another process may remove what it holds.
KeptRoot KeptRoots::make(const fs::path& place, const Image& image, std::size_t layers, const Tree& tree,
                         const UnpackOptions& options, const std::stop_token& stop) {
  for (;;) {
    KeptRoot root{.folder = place, .lock = lock_file(lock_of(place), LOCK_EX), .report = {}, .tree = Tree()};
    if (!has_folder(place)) fill(root, image, layers, tree, options, stop);
    touch(root.lock);
    root.lock.reset();
    root.lock = lock_file(lock_of(place), LOCK_SH);
    if (has_folder(place)) return root;
  }
}

void KeptRoots::fill(KeptRoot& root, const Image& image, std::size_t layers, const Tree& tree,
                     const UnpackOptions& options, const std::stop_token& stop) {
  const fs::path part = root.folder.string() + ".part";
  remove_tree(part);
  if (::mkdir(part.c_str(), 0700) != 0) throw_errno("cannot make " + part.string());
  const TraceSpan span("unpack");
  try {
    root.report = unpack(image, tree, layers, part, options, stop);
  } catch (...) {
    remove_tree(part);
    throw;
  }
  if (::rename(part.c_str(), root.folder.c_str()) != 0) throw_errno("cannot rename " + part.string());
  note_size(root.lock, root.report.bytes);
}

void KeptRoots::prune(const fs::path& except) const {
  std::vector<Kept> all;
  std::error_code error;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    const auto name = at->path().filename().string();
    if (!name.ends_with(kLockEnding)) continue;
    std::error_code ignored;
    Kept kept{folder_ / name.substr(0, name.size() - kLockEnding.size()), noted_size(at->path()),
              fs::last_write_time(at->path(), ignored), name.starts_with(kOwnPrefix)};
    if (kept.place != except) all.push_back(std::move(kept));
  }
  std::ranges::sort(all, [](const Kept& left, const Kept& right) { return left.used > right.used; });
  std::uint64_t bytes = 0;
  std::size_t folders = 0;
  for (const auto& kept : all) {
    bytes += kept.bytes;
    if (!kept.is_own && ++folders < limits_.folders && bytes <= limits_.bytes) continue;
    remove_unless_used(kept.place);
  }
}

}  // namespace ociassemble
