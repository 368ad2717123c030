// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dirent.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace ociassemble {

// How the system hands out local files and folders: in which order a folder's members come, how much one read gives. It
// may do both as it likes, and what is made of them must not depend on it. A check puts another way in the place of the
// system's own to see that it does not.
class InputAccess {
 public:
  InputAccess() = default;
  InputAccess(const InputAccess&) = delete;
  InputAccess& operator=(const InputAccess&) = delete;
  virtual ~InputAccess() = default;

  // Puts the names of a folder's members into the order in which they are to be met. Called from any thread.
  virtual void arrange(std::vector<std::string>& members) const = 0;
  // At most so many bytes of a file at once: from 1 to `wanted`, which is not 0. Called from any thread.
  virtual std::size_t limit_read(std::size_t wanted) const = 0;

  // The way that is in place; null for the system's own.
  static const InputAccess* current() noexcept;
};

// Puts a way in place for the whole process, until its end. One at a time.
class ScopedInputAccess {
 public:
  explicit ScopedInputAccess(const InputAccess& access) noexcept;
  ScopedInputAccess(const ScopedInputAccess&) = delete;
  ScopedInputAccess& operator=(const ScopedInputAccess&) = delete;
  ~ScopedInputAccess();
};

// A folder, opened. One thread.
class InputFolder {
 public:
  // Throws Error{io} or Error{not_found}.
  explicit InputFolder(std::string path);

  int fd() const noexcept;
  // Of its members, in no order. Once. Throws Error{io}.
  std::vector<std::string> names() const;

 private:
  std::string path_;
  std::unique_ptr<DIR, int (*)(DIR*)> opened_;
};

}  // namespace ociassemble
