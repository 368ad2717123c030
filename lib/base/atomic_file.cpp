// SPDX-License-Identifier: Apache-2.0
#include "base/atomic_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/system_error.hpp"
#include "base/trace.hpp"
#include "base/waiting.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = ".ociassemble-tmp-";
constexpr std::uint64_t kWritebackStep = std::uint64_t{4} << 20U;

std::string name_template(const fs::path& folder) { return (folder / kPrefix).string() + "XXXXXX"; }

void lock_if_possible(int fd, const fs::path& path) {
  for (Waiting waiting(fmt::format("for the lock of {}, which another process holds", path.string()));
       ::flock(fd, LOCK_EX | LOCK_NB) != 0 && (errno == EWOULDBLOCK || errno == EINTR);) {
    waiting.pause();
  }
}

// Between creation and lock another process may have taken the entry for stale and removed it. A file system without
// locks keeps everybody from removing anything, so that a refused lock is no failure.
bool locked_and_named(int fd, const fs::path& path) {
  // Nobody else has a reason to hold it for longer than it takes to look.
  lock_if_possible(fd, path);
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 || errno != ENOENT;
}

// Whoever can rename what is in the parent could put another folder in the place of ours while we use it.
void require_lasting_names(const fs::path& parent) {
  struct stat status {};
  if (::stat(parent.c_str(), &status) != 0) throw_errno(fmt::format("cannot create a folder in {}", parent.string()));
  if ((status.st_mode & S_IWOTH) == 0 || (status.st_mode & S_ISVTX) != 0) return;
  throw Error(
      ErrorCode::io,
      fmt::format("cannot create a folder in {}: everybody can write to it, and it is not sticky", parent.string()),
      "set TMPDIR to a folder of your own, or chmod +t it");
}

std::string random_name(const fs::path& folder) {
  std::uint64_t bits = 0;
  if (::getrandom(&bits, sizeof bits, 0) != sizeof bits) throw_errno("cannot choose a name for a temporary file");
  return (folder / fmt::format("{}{:016x}", kPrefix, bits)).string();
}

// A name alone says nothing: in a shared folder anybody can give it to anything.
bool could_be_ours(const struct stat& status) {
  if (status.st_uid != ::geteuid()) return false;
  if (S_ISDIR(status.st_mode)) return (status.st_mode & 07777) == 0700;
  return S_ISREG(status.st_mode) && status.st_nlink <= 1;
}

void remove_if_stale(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0 || !could_be_ours(status) || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return;
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

}  // namespace

void remove_stale_temporaries(const fs::path& folder) noexcept {
  try {
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), &::closedir);
    if (!dir) return;
    std::vector<fs::path> found;
    while (const dirent* entry = ::readdir(dir.get())) {
      if (std::string_view(entry->d_name).substr(0, kPrefix.size()) == kPrefix) found.push_back(folder / entry->d_name);
    }
    for (const auto& path : found) remove_if_stale(path);
  } catch (...) {
    return;  // Cleaning up after others must not stop our own work.
  }
}

AtomicFile::AtomicFile(UniqueFd fd, fs::path temporary, Durability durability) noexcept
    : fd_(std::move(fd)), temporary_(std::move(temporary)), durability_(durability) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : fd_(std::move(other.fd_)),
      temporary_(std::exchange(other.temporary_, {})),
      durability_(other.durability_),
      written_(other.written_),
      on_its_way_(other.on_its_way_) {}

AtomicFile AtomicFile::in_folder(const fs::path& folder, Durability durability, Visibility visibility) {
  const fs::path parent = folder.empty() ? "." : folder;
  const mode_t mode = visibility == Visibility::owner ? 0600 : 0666;
  remove_stale_temporaries(parent);
  for (;;) {
    fs::path name = random_name(parent);
    // Not mkostemp(): its mode is 0600, and the umask cannot be asked for without changing it for other threads.
    UniqueFd fd(::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!fd && errno == EEXIST) continue;
    if (!fd) throw_errno(fmt::format("cannot create a file in {}", parent.string()));
    if (locked_and_named(fd.get(), name)) return {std::move(fd), std::move(name), durability};
  }
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno(fmt::format("cannot write to {}", temporary_.parent_path().string()));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    written_ += static_cast<std::uint64_t>(written);
  }
  if (durability_ == Durability::synced && written_ - on_its_way_ >= kWritebackStep) start_writeback();
}

// The disk works while we do, so that little is left for fsync(). Only a hint: a refusal changes nothing.
void AtomicFile::start_writeback() {
  ::sync_file_range(fd_.get(), static_cast<off_t>(on_its_way_), static_cast<off_t>(written_ - on_its_way_),
                    SYNC_FILE_RANGE_WRITE);
  on_its_way_ = written_;
}

void AtomicFile::commit_as(const fs::path& target) {
  const auto action = [&] { return fmt::format("cannot write {}", target.string()); };
  if (durability_ == Durability::synced) {
    const TraceSpan span("sync file");
    if (::fsync(fd_.get()) != 0 && errno != EINVAL) throw_errno(action());
  }
  if (::rename(temporary_.c_str(), target.c_str()) != 0) throw_errno(action());
  temporary_.clear();
  fd_.reset();
}

void write_file_atomically(const fs::path& path, std::span<const std::byte> bytes) {
  auto file = AtomicFile::in_folder(path.parent_path());
  file.write(bytes);
  file.commit_as(path);
  sync_folder(path.parent_path());
}

void sync_folder(const fs::path& folder) {
  const TraceSpan span("sync folder");
  const fs::path name = folder.empty() ? "." : folder;
  const UniqueFd fd(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // A folder that may be written to but not read cannot be synced; the file is there all the same.
  if (!fd && errno == EACCES) return;
  if (!fd || (::fsync(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP))
    throw_errno(fmt::format("cannot sync {}", name.string()));
}

TemporaryFolder::TemporaryFolder(const fs::path& where) {
  const fs::path parent = where.empty() ? "." : where;
  require_lasting_names(parent);
  remove_stale_temporaries(parent);
  for (;;) {
    std::string name = name_template(parent);
    if (::mkdtemp(name.data()) == nullptr) throw_errno(fmt::format("cannot create a folder in {}", parent.string()));
    lock_.reset(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!lock_ && errno != ENOENT) {
      const int cause = errno;
      ::rmdir(name.c_str());
      throw_errno(fmt::format("cannot open {}", name), cause);
    }
    if (lock_ && locked_and_named(lock_.get(), name)) {
      struct stat status {};
      if (::fstat(lock_.get(), &status) != 0) throw_errno(fmt::format("cannot look at {}", name));
      if (!could_be_ours(status)) {
        throw Error(ErrorCode::io, fmt::format("cannot use {}: another process replaced the folder", name));
      }
      path_ = std::move(name);
      return;
    }
  }
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace ociassemble
