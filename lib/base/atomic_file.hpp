// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "base/unique_fd.hpp"

namespace ociassemble {

// Whether a published file's bytes have reached the disk: `unsynced` is for what can be made again.
enum class Durability { synced, unsynced };

// Who may read a published file: everybody whom the umask lets, as for any file that a program creates, or its owner
// alone, from its creation on.
enum class Visibility { as_umask, owner };

// A file that appears whole or not at all: bytes go to a locked temporary file, commit() publishes it under its name,
// the destructor discards what was not committed. A process that is killed leaves its temporary file behind, unlocked;
// the next AtomicFile in the same folder removes it. One thread at a time.
class AtomicFile {
 public:
  // Makes the temporary file in `folder`, which must exist.
  static AtomicFile in_folder(const std::filesystem::path& folder, Durability durability = Durability::synced,
                              Visibility visibility = Visibility::as_umask);

  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  // For readers and for cloning into; the position is shared with write().
  int fd() const noexcept { return fd_.get(); }
  const std::filesystem::path& temporary_path() const noexcept { return temporary_; }
  void write(std::span<const std::byte> bytes);

  // Flushes to the disk (unless unsynced) and renames over `target`, which must be on the same file system. Throws
  // Error{io} and leaves `target` as it was. That the name is there after a power failure, too, is for sync_folder().
  void commit_as(const std::filesystem::path& target);

 private:
  AtomicFile(UniqueFd fd, std::filesystem::path temporary, Durability durability) noexcept;

  void start_writeback();

  UniqueFd fd_;
  std::filesystem::path temporary_;  // empty once committed or moved from
  Durability durability_;
  std::uint64_t written_ = 0;
  std::uint64_t on_its_way_ = 0;  // of these, what the kernel was told to bring to the disk
};

// Brings the names in a folder to the disk. Throws Error{io}; a file system that knows no such thing is no failure.
void sync_folder(const std::filesystem::path& folder);

// Writes `bytes` to `path` through an AtomicFile in the folder of `path`; the new name is on the disk afterwards.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);

// A private temporary folder, removed with all that is in it by the destructor. Made in `parent`, which others may
// write to when it is sticky (/tmp); one that a killed process of the same user left there is removed first. Throws
// Error{io} also for a parent where others could put another folder in its place.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::filesystem::path& parent);
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
  UniqueFd lock_;
};

// Removes what killed processes left in `folder`: temporary files and folders that are this user's, private where we
// make them so, and locked by nobody. Never throws.
void remove_stale_temporaries(const std::filesystem::path& folder) noexcept;

}  // namespace ociassemble
