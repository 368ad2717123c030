// SPDX-License-Identifier: Apache-2.0
#include "base/file_status.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "base/system_error.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {

namespace fs = std::filesystem;

std::optional<struct stat> file_status(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return status;
  if (errno == ENOENT || errno == ENOTDIR) return {};
  throw_errno(fmt::format("cannot look at {}", path.string()));
}

bool is_folder(const fs::path& path) {
  const auto status = file_status(path);
  return status && S_ISDIR(status->st_mode);
}

bool is_there(const fs::path& path) { return file_status(path).has_value(); }

fs::path absolute_path(const fs::path& path) {
  std::error_code error;
  auto whole = fs::absolute(path, error);
  if (!error) return whole;
  throw Error(ErrorCode::io, fmt::format("cannot tell where {} is: {}", path.string(), error.message()),
              "the working folder may have been removed: change to another, or name the whole path");
}

// Not std::filesystem::create_directories(): that reports a folder that cannot be looked at as one that is not there.
void make_folders(const fs::path& folder, mode_t mode) {
  if (folder.empty() || ::mkdir(folder.c_str(), mode) == 0 || errno == EEXIST) return;
  if (errno == ENOENT && folder.has_parent_path() && folder != folder.parent_path()) {
    make_folders(folder.parent_path(), mode);
    if (::mkdir(folder.c_str(), mode) == 0 || errno == EEXIST) return;
  }
  throw_errno(fmt::format("cannot create {}", folder.string()));
}

}  // namespace ociassemble
