// SPDX-License-Identifier: Apache-2.0
#include "base/private_folder.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/file_status.hpp"
#include "base/system_error.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

enum class FolderPart { itself, above };

bool others_can_write(const struct stat& status) {
  if ((status.st_mode & S_IWOTH) != 0) return true;
  if ((status.st_mode & S_IWGRP) == 0 || status.st_gid == 0) return false;
  const bool own_group = status.st_gid == ::getegid() && status.st_gid == ::geteuid();
  return !own_group;
}

// What is not there cannot be somebody else's.
std::optional<std::string> distrust(const fs::path& path, FolderPart part) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return fmt::format("{} cannot be looked at: {}", path.string(), errno_text(errno));
  }
  if (!S_ISDIR(status.st_mode)) return fmt::format("{} is not a folder", path.string());
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    return fmt::format("{} belongs to another user ({})", path.string(), status.st_uid);
  const bool keeps_names = part == FolderPart::above && (status.st_mode & S_ISVTX) != 0;
  if (others_can_write(status) && !keeps_names) return fmt::format("others can write to {}", path.string());
  return {};
}

std::optional<std::string> distrust_members(const fs::path& folder) {
  std::error_code failure;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) {
    std::error_code gone;
    if (!at->is_directory(gone)) continue;
    if (auto why = distrust(at->path(), FolderPart::itself)) return why;
  }
  if (failure && failure != std::errc::no_such_file_or_directory)
    return fmt::format("{} cannot be looked at: {}", folder.string(), errno_text(failure.value()));
  return {};
}

}  // namespace

std::optional<std::string> why_not_private(const fs::path& folder) noexcept {
  try {
    std::error_code failure;
    auto at = fs::weakly_canonical(fs::absolute(folder, failure), failure);
    if (failure) return fmt::format("{} cannot be looked at: {}", folder.string(), errno_text(failure.value()));
    if (!at.has_filename()) at = at.parent_path();
    if (auto why = distrust(at, FolderPart::itself)) return why;
    if (auto why = distrust_members(at)) return why;
    while (at != at.parent_path()) {
      at = at.parent_path();
      if (auto why = distrust(at, FolderPart::above)) return why;
    }
    return {};
  } catch (...) {
    return "it cannot be looked at";
  }
}

void make_private_folders(const fs::path& folder) { make_folders(folder, 0700); }

}  // namespace ociassemble
